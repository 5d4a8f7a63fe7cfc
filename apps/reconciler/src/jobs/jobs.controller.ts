import { Controller } from '@nestjs/common';
import { type JobProgress, reconciler } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { Respond, type CallContext } from '@runos/messaging';
import { Database } from '@runos/persistence';
import type { z } from 'zod';
import { byOf } from '../by.js';
import { CancelJob } from './cancel-job.js';
import { progressJson } from './job-json.js';

type In<C extends { input: z.ZodType }> = z.output<C['input']>;

@Controller()
export class JobsController {
  constructor(
    private readonly database: Database,
    private readonly cancellations: CancelJob,
  ) {}

  /** A job with all its lines, for a projection that has not heard of it. */
  @Respond(reconciler.readJob)
  async read({ id, aids }: In<typeof reconciler.readJob>): Promise<JobProgress> {
    const [found] = await this.database.query<{ body: JobProgress }>(
      `SELECT ${progressJson('j', 'job_log')} AS body FROM job_ref j WHERE j.job_id = $1 AND j.aid = ANY($2)`,
      [id, aids],
    );
    if (found === undefined) throw new Fault('job.not_found', `There is no job "${id}".`);
    return found.body;
  }

  @Respond(reconciler.cancelJob)
  cancel({ id }: In<typeof reconciler.cancelJob>, call: CallContext<'tenant'>) {
    return this.cancellations.run(id, byOf(call));
  }
}
