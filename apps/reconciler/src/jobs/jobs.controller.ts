import { Controller } from '@nestjs/common';
import { type InputOf, type JobProgress, reconciler } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { Respond, type CallContext } from '@runos/messaging';
import { callerOf } from '../writes/preconditions.js';
import { CancelJob } from './cancel-job.js';
import { JobRepository } from './job-repository.js';

@Controller()
export class JobsController {
  constructor(
    private readonly jobs: JobRepository,
    private readonly cancellations: CancelJob,
  ) {}

  /** A job with all its log lines, for a projection that has not received its first event yet. */
  @Respond(reconciler.readJob)
  async read({ id, aids }: InputOf<typeof reconciler.readJob>): Promise<JobProgress> {
    const found = await this.jobs.read(id, aids);
    if (found === undefined) throw new Fault('job.not_found', `There is no job "${id}".`);
    return found;
  }

  @Respond(reconciler.cancelJob)
  cancel({ id }: InputOf<typeof reconciler.cancelJob>, call: CallContext<'tenant'>) {
    return this.cancellations.run(id, callerOf(call));
  }
}
