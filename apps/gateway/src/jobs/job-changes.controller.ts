import { Controller } from '@nestjs/common';
import { jobs } from '@runos/contracts';
import { Subscribe } from '@runos/messaging';
import { JobWakes } from './job-wakes.js';

/** Hears that a job changed, for those who follow it here. */
@Controller()
export class JobChangesController {
  constructor(private readonly wakes: JobWakes) {}

  @Subscribe(jobs.jobChanged)
  jobChanged({ id }: { id: string }): void {
    this.wakes.wake(id);
  }
}
