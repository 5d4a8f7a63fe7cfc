import { Injectable } from '@nestjs/common';
import { withQuotedLog } from '@runos/api';
import { InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';
import { Database, sqlState, sqlStateOf } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import { type BundleReport, findProblem, type InstanceProblem } from '../bundle-status/bundle-report.js';
import { ObservationRepository } from '../bundle-status/observation-repository.js';
import { describeServing, type RolloutPods } from '../bundle-status/serving-pods.js';
import { InstanceRepository } from '../instances/instance-repository.js';
import { AutoRollback } from '../revisions/auto-rollback.js';
import { QueuedChanges } from '../revisions/queued-changes.js';
import { lockTimeoutMs } from '../work/traced-batcher.js';
import { JobQueueRepository } from './job-queue-repository.js';
import { JobRepository, type OverdueJobRow } from './job-repository.js';
import { jobEnd, JobUpdates } from './job-updates.js';
import { agentAbsent } from './paused-deadline-repository.js';
import type { Step } from './work-items.js';

export interface OverdueJob {
  readonly osid: string | null;
  readonly cid: string | null;
  /** The whole timeout of the job, ms. */
  readonly timeoutMs: number;
  readonly step: Step | null;
  /** Set when the agent was disconnected at the deadline: the whole absence budget, ms. */
  readonly absentForMs: number | null;
  /** Why the job waited, if it recorded a reason. */
  readonly reason: string | null;
  readonly progress: string | null;
  /** The last report about the job's generation. */
  readonly report: Pick<BundleReport, 'objects' | 'conditions'> | undefined;
  /** Undefined for a job without an instance. */
  readonly pods: RolloutPods | undefined;
}

/** The `reason` and the `error` of a job that exceeded its deadline: object, cause and remedy. */
export function deadlineFailure(job: OverdueJob): InstanceProblem {
  const subject = job.osid ?? `cluster ${job.cid ?? ''}`;
  if (job.absentForMs !== null) {
    return {
      reason: agentAbsent,
      message: `${subject}: the agent of cluster ${job.cid ?? ''} was disconnected for ${formatDuration(job.absentForMs)}. The change stays desired and is applied when the agent connects; check that the agent runs and reaches this server.`,
    };
  }
  const within = `within ${formatDuration(job.timeoutMs)}`;
  const serving = job.pods === undefined ? '' : describeServing(job.pods);
  const problem = job.report && findProblem(job.report);
  if (problem) {
    const message = `${subject} ${failureOf(job.step)} ${within}: ${problem.message} ${serving}`.trimEnd();
    return { ...problem, message };
  }
  return {
    reason: job.reason ?? 'DeadlineExceeded',
    message:
      `${subject} ${failureOf(job.step)} ${within}${job.progress === null ? '' : ` (${job.progress})`}: the cluster reported no cause; look at ${job.osid === null ? '' : `the objects in namespace ${job.osid} and at `}the log of the cluster agent. ${serving}`.trimEnd(),
  };
}

/** The error of a job: its failure, what follows, and the last lines of the log of a container, which not all may read. */
export function errorOf({ message, log = [] }: InstanceProblem, next: string | undefined): string {
  const sentences = [message, ...(next === undefined ? [] : [next])].join(' ');
  return withQuotedLog(sentences, log);
}

const failureOf = (step: Step | null): string => {
  switch (step) {
    case 'install-addon':
      return 'was not delivered, because its add-on did not get ready';
    case 'deliver':
      return 'could not be delivered to its cluster';
    case 'apply':
      return 'could not be applied';
    case 'remove':
    case 'confirm-gone':
      return 'is not deleted';
    default:
      return 'did not get ready';
  }
};

/** `15 minutes`, `90 seconds`, `24 hours`. */
export function formatDuration(ms: number): string {
  const units = [
    { name: 'hour', ms: 3_600_000 },
    { name: 'minute', ms: 60_000 },
    { name: 'second', ms: 1_000 },
  ];
  const unit = units.find((each) => ms >= each.ms && ms % each.ms === 0) ?? { name: 'second', ms: 1_000 };
  const count = Math.max(1, Math.round(ms / unit.ms));
  return `${count} ${unit.name}${count === 1 ? '' : 's'}`;
}

/** Jobs read by one statement. Several replicas may read the same job; one of them fails it. */
const pageSize = 100;
/** The pause after jobs that could not be ended, ms. */
const retryMs = 5_000;

/** Fails the jobs whose deadline has passed. */
@Injectable()
export class JobDeadlines {
  constructor(
    private readonly database: Database,
    private readonly jobs: JobRepository,
    private readonly updates: JobUpdates,
    private readonly instances: InstanceRepository,
    private readonly observations: ObservationRepository,
    private readonly queue: JobQueueRepository,
    private readonly queued: QueuedChanges,
    private readonly rollbacks: AutoRollback,
    @InjectLogger() private readonly logger: Logger,
  ) {}

  /**
   * Returns the time until the next deadline, ms, if there is one. A job that cannot be ended delays no other, and neither
   * does one whose rows are locked.
   */
  async run(): Promise<number | undefined> {
    const sql = this.database.manager;
    const left: string[] = [];
    for (let count = pageSize; count === pageSize;) {
      const overdue = await this.jobs.listOverdue(sql, pageSize, left);
      let failures = 0;
      for (const { jobId, instanceId } of overdue) {
        try {
          await this.database.transaction((transaction) => this.#fail(transaction, jobId, instanceId), {
            lockTimeoutMs,
          });
        } catch (error) {
          left.push(jobId);
          if (sqlStateOf(error) === sqlState.lockNotAvailable) continue;
          this.logger.error({ err: error, jobId }, 'a job could not be ended at its deadline, retrying');
          failures += 1;
        }
      }
      // If all failed, the database is the cause.
      count = failures === pageSize ? 0 : overdue.length;
    }
    return left.length === 0 ? this.jobs.nextDeadlineInMs(sql) : retryMs;
  }

  async #fail(sql: EntityManager, jobId: string, instanceId: number | null): Promise<void> {
    // Lock order: the instance, its work, then its job.
    if (instanceId !== null) {
      await this.instances.lockRows(sql, [instanceId]);
      await this.queue.lockWork(sql, [instanceId]);
    }
    const job = await this.jobs.readOverdue(sql, jobId);
    if (job === undefined) return;
    const failure = deadlineFailure(overdueJob(job));
    const { reason, message } = failure;
    // Without a connected agent, nothing is known of the rollout, and the last observed status stays.
    const isJudged = instanceId !== null && job.absent_ms === null;
    const { type, step, revision, rolls_back } = job;
    const failed = { jobId, type, step, revision, isRollback: rolls_back !== null, reason };
    const next = isJudged ? await this.rollbacks.plan(sql, instanceId, failed) : undefined;
    const error = errorOf(failure, next?.message);
    const line = { level: 'error', message: error } as const;
    await this.updates.end(sql, [jobEnd({ jobId, outcome: 'failed', reason, error, line })]);
    if (instanceId === null) return;
    if (isJudged) await this.observations.failApplying(sql, instanceId, reason, message);
    if (next?.rollback !== undefined) await this.rollbacks.write(sql, next.rollback);
    await this.queued.startNext(sql, [instanceId]);
  }
}

function overdueJob(row: OverdueJobRow): OverdueJob {
  const { osid, cid, step, reason, progress, objects, conditions } = row;
  const report = row.observed === true && objects && conditions ? { objects, conditions } : undefined;
  const pods = podsOf(row);
  return { osid, cid, step, reason, progress, report, pods, timeoutMs: row.timeout_ms, absentForMs: row.absent_ms };
}

/** A revision that was not observed has no pods: all are of earlier revisions. */
function podsOf({ revision, observed, ...row }: OverdueJobRow): RolloutPods | undefined {
  const { ready_revision: readyRevision, desired_replicas: desired, ready_replicas: ready } = row;
  if (ready === null) return undefined;
  const outdated = observed === true ? (row.outdated_replicas ?? 0) : ready;
  return { revision, readyRevision, replicas: desired === null ? undefined : { desired, ready, outdated } };
}
