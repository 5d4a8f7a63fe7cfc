import { Controller } from '@nestjs/common';
import { jobs, type JobProgress, reconciler } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { Answers, type CallContext, type Heard, HearsBatch } from '@runos/messaging';
import { JobProjection } from './job-projection.js';
import { newsOf } from './news.js';

@Controller()
export class ProjectionController {
  constructor(private readonly projection: JobProjection) {}

  @HearsBatch(reconciler.jobProgressed, 100)
  async progressed(heard: readonly Heard<JobProgress>[]) {
    await this.projection.apply(newsOf(heard.map(({ body }) => body)));
  }

  @Answers(jobs.openJob)
  async open(progress: JobProgress, { tenant }: CallContext<'tenant'>) {
    const { job, seq } = progress;
    if (job.aid !== tenant) {
      throw new Fault('request.invalid', `Job ${job.id} belongs to account ${job.aid} and was opened for ${tenant}.`);
    }
    await this.projection.apply(newsOf([progress]));
    return { seq };
  }
}
