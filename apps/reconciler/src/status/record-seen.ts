import type { Carrier } from '@runos/observability';
import type { EntityManager } from 'typeorm';
import type { InstanceRow } from '../instances/instance-row.js';
import { changeJobs, type JobChange } from '../jobs/change-jobs.js';
import { endJobs, type JobEnd } from '../jobs/end-jobs.js';
import { jobNews } from '../jobs/job-of-report.js';
import { type OpenJob, openJobsOf } from '../jobs/open-job-row.js';
import { itemIdOf, reachStep } from '../jobs/work-items.js';
import { driftEvents, moveEvent } from './drift-events.js';
import { type Observation, observe } from './observe.js';
import type { Report } from './report.js';
import { writeEvents, writeObserved } from './write-status.js';

/** A report about an instance that is there, locked: each instance once. */
export interface Sighting {
  readonly instance: InstanceRow;
  readonly report: Report;
  readonly trace: Carrier;
}

/** Writes what was seen of instances, what is worth an event, and how their jobs go on. */
export async function recordSeen(sql: EntityManager, sightings: readonly Sighting[]): Promise<void> {
  const judged = sightings.map((sighting) => ({ ...sighting, ...judge(sighting) }));
  const jobs = await openJobsOf(
    sql,
    judged.flatMap(({ current, instance }) => (current ? [instance.id] : [])),
  );
  const seen = judged.map((each) => ({ ...each, instanceId: each.instance.id, job: jobs.get(each.instance.id) }));
  await writeObserved(
    sql,
    seen.map(({ instanceId, observed }) => ({ instanceId, observed })),
  );
  await writeEvents(
    sql,
    seen.flatMap(({ instanceId, ...each }) => eventsOf(each).map((event) => ({ instanceId, ...event }))),
  );
  const moves = seen.flatMap(({ job, ...sighting }) => (job ? [moveOn(job, sighting)] : []));
  await changeJobs(
    sql,
    moves.flatMap(({ change }) => change ?? []),
  );
  await endJobs(
    sql,
    moves.flatMap(({ end }) => end ?? []),
  );
}

function judge({ instance, report }: Sighting): Observation {
  const { state, reason, message, conditions, objects } = instance;
  const { observed_generation: observedGeneration, ready_replicas: readyReplicas } = instance;
  const before = { state, reason, message, conditions, objects, observedGeneration, readyReplicas };
  const { generation, bundle_generation: bundleGeneration, digest, deleting, spec, now } = instance;
  const wanted = { generation, bundleGeneration, digest, deleting, replicas: spec.sizing.replicas };
  return observe(wanted, before, report, now);
}

/** While a job runs, its log tells of every move. */
function eventsOf({ instance, report, moved, observed, job }: Sighting & Observation & { readonly job?: OpenJob }) {
  const untold = moved === undefined || job !== undefined ? undefined : moved;
  const at = instance.now.toISOString();
  return [...driftEvents(report), ...(untold ? [moveEvent(untold, at, observed.message)] : [])];
}

function moveOn(job: OpenJob, { instance, report, trace }: Sighting): { change?: JobChange; end?: JobEnd } {
  const news = jobNews(job.kind, report, job.seen);
  const workItems = reachStep(job.workItems, news.step, job.now.toISOString());
  const logs = news.logs.flatMap(({ step, level, message }) => {
    const workItemId = itemIdOf(workItems, step);
    return workItemId === undefined ? [] : [{ workItemId, level, message }];
  });
  const { jobId } = job;
  const { progress, reason, seen, step: currentStep } = news;
  const same = workItems === job.workItems && logs.length === 0 && progress === job.progress && reason === job.reason;
  const line = { level: 'info', message: `${instance.osid} is healthy at generation ${instance.generation}.` } as const;
  return {
    ...(same ? {} : { change: { jobId, workItems, progress, currentStep, reason, seen, logs, trace } }),
    ...(news.done ? { end: { jobId, outcome: 'completed', reason: null, error: null, line, trace } } : {}),
  };
}
