import { Injectable } from '@nestjs/common';
import type { Job } from '@runos/api';
import type { JobProgress, reconciler } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { Database, runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import type { By } from '../by.js';
import { Accepted } from '../instances/accepted.js';
import type { InstanceRow } from '../instances/instance-row.js';
import { Instances } from '../instances/instances.js';
import { WriteInstance } from '../instances/write-instance.js';
import type { Spec } from '../revisions/spec.js';
import { endJobs } from './end-jobs.js';
import { type CancelPlan, planCancel } from './plan-cancel.js';

type Answer = z.output<typeof reconciler.cancelJob.output>;

interface JobRow {
  readonly job_id: string;
  readonly cid: string;
  readonly osid: string | null;
  readonly type: Job['type'];
  readonly status: Job['status'];
  readonly outcome: Job['status'] | null;
  readonly instance_id: number | null;
  readonly revision: number;
}

interface Previous {
  readonly spec: Spec;
}

interface Cancelled {
  readonly answer: Answer;
  readonly opened?: JobProgress;
}

/** Stops waiting for a job and asks for what was wanted before it. */
@Injectable()
export class CancelJob {
  constructor(
    private readonly database: Database,
    private readonly instances: Instances,
    private readonly write: WriteInstance,
    private readonly accepted: Accepted,
  ) {}

  /** @throws Fault `job.not_found` */
  async run(id: string, by: By): Promise<Answer> {
    const { answer, opened } = await this.database.transaction((sql) => this.#cancel(sql, id, by));
    await this.accepted.follow(opened);
    return answer;
  }

  async #cancel(sql: EntityManager, id: string, by: By): Promise<Cancelled> {
    const [seen] = await this.#job(sql, id, by.tenant);
    if (seen === undefined) throw new Fault('job.not_found', `There is no job "${id}".`);
    const instance = await this.#instanceOf(sql, seen, by.tenant);
    // Read again under the instance's lock: until then the job may have ended.
    const [job] = await this.#job(sql, id, by.tenant);
    const previous = instance && (await this.#before(sql, job));
    const plan = planCancel({
      type: job.type,
      ended: job.outcome,
      wanted: instance !== undefined && instance.revision === job.revision,
      sent: instance === undefined ? 0 : await this.#sent(sql, instance.id),
      revision: job.revision,
      hasPrevious: previous !== undefined,
    });
    if (plan.do === 'refuse' || instance === undefined) return refused(job, plan);
    return this.#undo(sql, job, instance, plan.do === 'restore' ? previous : undefined, by.who);
  }

  async #undo(
    sql: EntityManager,
    job: JobRow,
    instance: InstanceRow,
    previous: Previous | undefined,
    who: string,
  ): Promise<Cancelled> {
    const line = { level: 'warn', message: `Cancelled by ${who}.` } as const;
    await endJobs(sql, [{ jobId: job.job_id, outcome: 'cancelled', reason: 'Cancelled', error: null, line }]);
    const opened =
      previous === undefined
        ? await this.write.remove(sql, instance, who)
        : await this.write.apply(sql, instance, { spec: previous.spec, type: 'service.update', who });
    const what = previous === undefined ? 'removes it' : 'brings back what was wanted before';
    const message = `Cancelled; job ${opened.job.id} ${what}.`;
    return { answer: { cancelled: true, status: 'cancelled', message }, opened };
  }

  #job(sql: EntityManager, id: string, tenant: string): Promise<JobRow[]> {
    return runSql<JobRow>(
      sql,
      'SELECT job_id, cid, osid, type, status, outcome, instance_id, revision FROM job_ref WHERE aid = $1 AND job_id = $2',
      [tenant, id],
    );
  }

  async #instanceOf(sql: EntityManager, { osid, cid }: JobRow, tenant: string): Promise<InstanceRow | undefined> {
    if (osid === null) return undefined;
    const type = osid.slice(0, osid.lastIndexOf('-'));
    return this.instances.lockIfKnown(sql, tenant, { cid, type, id: osid });
  }

  /** The last objects that were wanted before the job's own revision. */
  async #before(sql: EntityManager, { instance_id, revision }: JobRow): Promise<Previous | undefined> {
    const [previous] = await runSql<Previous>(
      sql,
      `SELECT spec FROM revision WHERE instance_id = $1 AND revision < $2 AND kind = 'apply' ORDER BY revision DESC LIMIT 1`,
      [instance_id, revision],
    );
    return previous;
  }

  async #sent(sql: EntityManager, id: number): Promise<number> {
    const [work] = await runSql<{ sent: number }>(sql, 'SELECT sent FROM work WHERE id = $1 FOR NO KEY UPDATE', [id]);
    return work.sent;
  }
}

const refused = ({ status }: JobRow, plan: CancelPlan): Cancelled => ({
  answer: { cancelled: false, status, message: plan.because },
});
