import { Controller } from '@nestjs/common';
import { type InputOf, jobs } from '@runos/contracts';
import { Answers, type CallContext } from '@runos/messaging';
import { Jobs } from './jobs.js';

@Controller()
export class JobsController {
  constructor(private readonly jobs: Jobs) {}

  @Answers(jobs.listJobs)
  list(asked: InputOf<typeof jobs.listJobs>, { tenant }: CallContext<'tenant'>) {
    return this.jobs.list(tenant, asked);
  }

  @Answers(jobs.showJob)
  show({ id, aids }: InputOf<typeof jobs.showJob>) {
    return this.jobs.show(id, aids);
  }

  @Answers(jobs.listWorkItems)
  workItems({ id, aids }: InputOf<typeof jobs.listWorkItems>) {
    return this.jobs.workItems(id, aids);
  }

  @Answers(jobs.listJobLogs)
  logs({ id, aids, workItemId, after }: InputOf<typeof jobs.listJobLogs>) {
    return this.jobs.logs(id, aids, workItemId, after);
  }
}
