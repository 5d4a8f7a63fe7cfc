import { Controller } from '@nestjs/common';
import { type InputOf, jobs } from '@runos/contracts';
import { Respond, type CallContext } from '@runos/messaging';
import { Jobs } from './jobs.js';

@Controller()
export class JobsController {
  constructor(private readonly jobs: Jobs) {}

  @Respond(jobs.listJobs)
  list(asked: InputOf<typeof jobs.listJobs>, { tenant }: CallContext<'tenant'>) {
    return this.jobs.list(tenant, asked);
  }

  @Respond(jobs.showJob)
  show({ id, aids }: InputOf<typeof jobs.showJob>) {
    return this.jobs.show(id, aids);
  }

  @Respond(jobs.listWorkItems)
  workItems({ id, aids }: InputOf<typeof jobs.listWorkItems>) {
    return this.jobs.workItems(id, aids);
  }

  @Respond(jobs.listJobLogs)
  logs({ id, aids, workItemId, after }: InputOf<typeof jobs.listJobLogs>) {
    return this.jobs.logs(id, aids, workItemId, after);
  }
}
