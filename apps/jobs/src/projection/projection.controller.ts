import { Controller } from '@nestjs/common';
import { type JobProgress, reconciler } from '@runos/contracts';
import { type ReceivedEvent, SubscribeBatch } from '@runos/messaging';
import { JobProjection } from './job-projection.js';
import { mergeUpdates } from './job-update.js';

/** Receives the reconciler's job updates, the only way by which jobs reach this service. */
@Controller()
export class ProjectionController {
  constructor(private readonly projection: JobProjection) {}

  @SubscribeBatch(reconciler.jobProgressed, 100)
  async progressed(events: readonly ReceivedEvent<JobProgress>[]) {
    await this.projection.project(mergeUpdates(events.map(({ body }) => body)));
  }
}
