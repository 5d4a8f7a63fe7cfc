import { Controller } from '@nestjs/common';
import { jobs, type JobProgress, reconciler } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { Respond, type CallContext, type ReceivedEvent, SubscribeBatch } from '@runos/messaging';
import { JobProjection } from './job-projection.js';
import { newsOf } from './news.js';

@Controller()
export class ProjectionController {
  constructor(private readonly projection: JobProjection) {}

  @SubscribeBatch(reconciler.jobProgressed, 100)
  async progressed(heard: readonly ReceivedEvent<JobProgress>[]) {
    await this.projection.apply(newsOf(heard.map(({ body }) => body)));
  }

  @Respond(jobs.openJob)
  async open(progress: JobProgress, { tenant }: CallContext<'tenant'>) {
    const { job, seq } = progress;
    if (job.aid !== tenant) {
      throw new Fault('request.invalid', `Job ${job.id} belongs to account ${job.aid} and was opened for ${tenant}.`);
    }
    await this.projection.apply(newsOf([progress]));
    return { seq };
  }
}
