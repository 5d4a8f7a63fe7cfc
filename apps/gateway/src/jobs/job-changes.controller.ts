import { Controller } from '@nestjs/common';
import { jobs } from '@runos/contracts';
import { Subscribe } from '@runos/messaging';
import { type JobChange, JobNotifications } from './job-notifications.js';

/** Subscribes to changes of jobs and notifies their followers on this replica. */
@Controller()
export class JobChangesController {
  constructor(private readonly wakes: JobNotifications) {}

  @Subscribe(jobs.jobChanged)
  jobChanged(change: JobChange): void {
    this.wakes.notify(change);
  }
}
