import { Controller } from '@nestjs/common';
import { jobs } from '@runos/contracts';
import { Subscribe } from '@runos/messaging';
import { JobNotifications } from './job-notifications.js';

/** Subscribes to changes of jobs and notifies their followers on this replica. */
@Controller()
export class JobChangesController {
  constructor(private readonly wakes: JobNotifications) {}

  @Subscribe(jobs.jobChanged)
  jobChanged({ id }: { id: string }): void {
    this.wakes.notify(id);
  }
}
