import { Injectable } from '@nestjs/common';
import { afterCommit, Database, runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import { Osid } from '@runos/osid';
import type { InstanceRow } from '../instances/instance-row.js';
import { Instances } from '../instances/instances.js';
import { changeJobs } from '../jobs/change-jobs.js';
import { endJobs } from '../jobs/end-jobs.js';
import { jobNews } from '../jobs/job-of-report.js';
import { type OpenJob, openJobOf } from '../jobs/open-job-row.js';
import { itemIdOf, reachStep } from '../jobs/work-items.js';
import { Pokes } from '../work/pokes.js';
import { redeliver } from '../work/wake-work.js';
import { driftEvents, moveEvent } from './drift-events.js';
import { type Observation, observe, type Observed } from './observe.js';
import { refuseForeign } from './refuse-foreign.js';
import type { Report } from './report.js';
import { writeEvents, writeObserved } from './write-status.js';

/** Writes down what agents report, moves jobs on with it, and lets go of what is gone. */
@Injectable()
export class RecordStatus {
  constructor(
    private readonly database: Database,
    private readonly instances: Instances,
    private readonly pokes: Pokes,
  ) {}

  /**
   * Returns once it is durable. A report about an instance this plane does not know has nothing to be written to.
   * @throws Fault `service.not_found` when the instance is another cluster's
   */
  async run(cid: string, report: Report, tenant: string): Promise<void> {
    const parts = Osid.parse(report.osid);
    if (parts === undefined) return;
    await this.database.transaction(async (sql) => {
      const instance = await this.instances.lockIfKnown(sql, tenant, { cid, type: parts.type, id: parts.id });
      if (instance === undefined) return refuseForeign(sql, tenant, cid, report.osid, parts);
      if (report.phase === 'gone') return this.#gone(sql, instance, report);
      await this.#seen(sql, instance, report);
    });
  }

  async #seen(sql: EntityManager, instance: InstanceRow, report: Report): Promise<void> {
    const { observed, current, moved } = judge(instance, report);
    const at = instance.now.toISOString();
    const job = current ? await openJobOf(sql, instance.id) : undefined;
    await writeObserved(sql, instance, observed);
    // While a job runs, its log tells of every move.
    const news = moved === undefined || job !== undefined ? [] : [moveEvent(moved, at, observed.message)];
    await writeEvents(sql, instance.id, [...driftEvents(report), ...news]);
    if (job !== undefined) await moveOn(sql, instance, job, report);
  }

  async #gone(sql: EntityManager, instance: InstanceRow, report: Report): Promise<void> {
    if (!instance.deleting) {
      // The agent has let go of what is wanted: it gets it again.
      await redeliver(sql, instance.cluster_id, [instance.id]);
      afterCommit(sql, () => this.pokes.poke('work'));
      return;
    }
    // A bundle that was removed earlier, and came back by a cancelled deletion, may be reported late.
    if (report.generation < instance.bundle_generation) return;
    await runSql(sql, 'DELETE FROM instance WHERE id = $1', [instance.id]);
    const job = await openJobOf(sql, instance.id);
    if (job === undefined) return;
    const line = { level: 'info', message: `Nothing of ${instance.osid} is left in the cluster.` } as const;
    await endJobs(sql, [{ jobId: job.jobId, outcome: 'completed', reason: null, error: null, line }]);
  }
}

function judge(instance: InstanceRow, report: Report): Observation {
  const before: Observed = {
    state: instance.state,
    reason: instance.reason,
    message: instance.message,
    conditions: instance.conditions,
    observedGeneration: instance.observed_generation,
    readyReplicas: instance.ready_replicas,
    objects: instance.objects,
  };
  const { generation, bundle_generation: bundleGeneration, digest, deleting, spec, now } = instance;
  const wanted = { generation, bundleGeneration, digest, deleting, replicas: spec.sizing.replicas };
  return observe(wanted, before, report, now);
}

async function moveOn(sql: EntityManager, instance: InstanceRow, job: OpenJob, report: Report): Promise<void> {
  const news = jobNews(job.kind, report, job.seen);
  const workItems = reachStep(job.workItems, news.step, job.now.toISOString());
  const logs = news.logs.flatMap(({ step, level, message }) => {
    const workItemId = itemIdOf(workItems, step);
    return workItemId === undefined ? [] : [{ workItemId, level, message }];
  });
  const { jobId } = job;
  const same = workItems === job.workItems && logs.length === 0 && news.progress === job.progress;
  if (!same || news.reason !== job.reason) {
    const { progress, reason, seen, step } = news;
    await changeJobs(sql, [{ jobId, workItems, progress, currentStep: step, reason, seen, logs }]);
  }
  if (!news.done) return;
  const line = { level: 'info', message: `${instance.osid} is healthy at generation ${instance.generation}.` } as const;
  await endJobs(sql, [{ jobId, outcome: 'completed', reason: null, error: null, line }]);
}
