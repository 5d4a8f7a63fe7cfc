import { Injectable } from '@nestjs/common';
import type { Job } from '@runos/api';
import { InjectConfig } from '@runos/messaging';
import { afterCommit, databaseNow } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { ReconcilerConfig } from '../config.js';
import type { ClusterRow } from '../schema/cluster-row.js';
import { Wakeups } from '../work/wakeups.js';
import type { PendingChange } from '../schema/job-row.js';
import { JobQueueRepository, type QueuedJob, queuedReason } from './job-queue-repository.js';
import { JobRepository } from './job-repository.js';
import { jobEnd, JobUpdates } from './job-updates.js';
import { agentAbsent, waitingForAgent } from './paused-deadline-repository.js';
import { type JobKind, type LogLine, newWorkItems, startItems, type Step, workItemIdOf } from './work-items.js';

/** A job about one revision of an instance. */
export interface InstanceJob {
  readonly jobId: string;
  readonly type: Job['type'];
  readonly kind: JobKind;
  readonly aid: string;
  readonly cid: string;
  readonly clusterId: number;
  readonly instanceId: number;
  readonly osid: string;
  readonly generation: number;
  readonly revision: number;
  /** The cluster agent has an open stream. Read while the transaction keeps the connection, so it holds until the commit. */
  readonly connected: boolean;
  /** The database's time. */
  readonly now: Date;
  readonly logs: readonly LogLine[];
  /** It starts with the installation of an add-on. */
  readonly installsAddon?: boolean;
  /** The failed job whose change this one takes back by itself. */
  readonly rollsBack?: string | undefined;
}

/** A job about a cluster itself. */
export interface ClusterJob {
  readonly type: Job['type'];
  readonly kind: JobKind;
  /** Without a connected agent the deadline is paused. */
  readonly needsAgent: boolean;
  readonly progress: string;
  readonly log: LogLine;
}

interface Queued {
  readonly queuePosition: number;
  readonly pending: PendingChange;
}

/** The revision that a queued job starts with. */
export type QueueStart = Pick<InstanceJob, 'cid' | 'connected' | 'now' | 'generation' | 'revision' | 'logs'>;

/** A job id starts with the database's time: lists page by id, whichever replica minted it. */
export const mintJobId = (now: Date): string => uuidv7({ msecs: now.getTime() });

/** Starts jobs in the transaction of the write that needs them; the commit wakes the loops that continue them. */
@Injectable()
export class JobStarter {
  readonly #timing: { readonly timeoutMs: number; readonly absenceBudgetMs: number };

  constructor(
    private readonly jobs: JobRepository,
    private readonly queue: JobQueueRepository,
    private readonly updates: JobUpdates,
    private readonly wakeups: Wakeups,
    @InjectConfig() config: ReconcilerConfig,
  ) {
    this.#timing = { timeoutMs: config.jobDeadlineSeconds * 1_000, absenceBudgetMs: config.jobAbsenceSeconds * 1_000 };
  }

  /** Starts a job of an instance at its delivery. While the agent is disconnected, the deadline is paused. */
  async start(sql: EntityManager, job: InstanceJob): Promise<void> {
    const { now, connected, logs, installsAddon, ...rest } = job;
    const waiting = waitingForAgent(job.cid);
    const first: Step = installsAddon ? 'install-addon' : 'deliver';
    await this.jobs.create(sql, {
      ...rest,
      ...this.#timing,
      workItems: newWorkItems({ ...job, first, now: now.toISOString(), mintId: uuidv7 }),
      firstStep: first,
      progress: connected ? null : waiting,
      reason: connected ? null : agentAbsent,
      paused: !connected,
      queuePosition: null,
      pending: null,
      logs: connected ? logs : [...logs, { step: 'deliver', level: 'info', message: `${waiting}.` }],
    });
    this.#wake(sql);
  }

  /** Queues a job behind the open ones of its instance. Its clock starts when it starts. */
  async enqueue(sql: EntityManager, { now, connected: _, ...job }: InstanceJob & Queued): Promise<void> {
    await this.jobs.create(sql, {
      ...job,
      ...this.#timing,
      workItems: newWorkItems({ ...job, first: 'validate', now: now.toISOString(), mintId: uuidv7 }),
      firstStep: null,
      progress: null,
      reason: queuedReason,
      paused: false,
    });
  }

  /** Starts a job that waited in the queue. */
  async startQueued(sql: EntityManager, job: QueuedJob, start: QueueStart): Promise<void> {
    const { cid, connected, now, generation, revision, logs } = start;
    const workItems = startItems(job.workItems, now.toISOString());
    const waiting = waitingForAgent(cid);
    const lines = connected ? logs : [...logs, { step: 'deliver', level: 'info', message: `${waiting}.` } as const];
    const started = {
      jobId: job.jobId,
      generation,
      revision,
      workItems,
      progress: connected ? null : waiting,
      reason: connected ? null : agentAbsent,
      paused: !connected,
      logs: lines.flatMap(({ step, level, message }) => {
        const workItemId = workItemIdOf(workItems, step);
        return workItemId === undefined ? [] : [{ workItemId, level, message }];
      }),
    };
    await this.queue.start(sql, started, job.pending);
    this.#wake(sql);
  }

  /** Ends jobs because a newer write replaces them. */
  async supersede(sql: EntityManager, superseded: readonly string[], jobId: string): Promise<void> {
    const line = { level: 'info', message: `Superseded by a newer change: job ${jobId}.` } as const;
    await this.updates.end(
      sql,
      superseded.map((id) =>
        jobEnd({ jobId: id, outcome: 'cancelled', reason: 'Superseded', supersededBy: jobId, line }),
      ),
    );
  }

  /** Starts a job of a cluster at its delivery. Returns its id. */
  async startClusterJob(sql: EntityManager, cluster: ClusterRow, job: ClusterJob): Promise<string> {
    const now = await databaseNow(sql);
    const jobId = mintJobId(now);
    const { type, kind, needsAgent, progress, log } = job;
    const isPaused = needsAgent && !cluster.connected;
    await this.jobs.create(sql, {
      jobId,
      aid: cluster.aid,
      cid: cluster.cid,
      clusterId: cluster.id,
      instanceId: null,
      osid: null,
      type,
      kind,
      generation: cluster.generation,
      revision: 0,
      workItems: newWorkItems({ kind, jobId, first: 'deliver', now: now.toISOString(), mintId: uuidv7 }),
      firstStep: 'deliver',
      progress: isPaused ? waitingForAgent(cluster.cid) : progress,
      reason: isPaused ? agentAbsent : null,
      ...this.#timing,
      paused: isPaused,
      queuePosition: null,
      pending: null,
      logs: [log],
    });
    afterCommit(sql, () => this.wakeups.wake('deadlines', this.#timing.timeoutMs));
    return jobId;
  }

  #wake(sql: EntityManager): void {
    afterCommit(sql, () => {
      this.wakeups.wake('work');
      this.wakeups.wake('deadlines', this.#timing.timeoutMs);
    });
  }
}
