import { Controller } from '@nestjs/common';
import { jobs, type JobProgress, reconciler } from '@runos/contracts';
import { Answers, type Heard, HearsBatch } from '@runos/messaging';
import { JobProjection } from './job-projection.js';

@Controller()
export class ProjectionController {
  constructor(private readonly projection: JobProjection) {}

  @HearsBatch(reconciler.jobProgressed, 100)
  async progressed(heard: readonly Heard<JobProgress>[]) {
    await this.projection.apply(heard.map(({ body }) => body));
  }

  @Answers(jobs.openJob)
  async open(progress: JobProgress) {
    await this.projection.apply([progress]);
    return { seq: progress.seq };
  }
}
