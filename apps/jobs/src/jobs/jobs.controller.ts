import { Controller } from '@nestjs/common';
import { type InputOf, jobs } from '@runos/contracts';
import { type CallContext, Respond } from '@runos/messaging';
import { JobReader } from './job-reader.js';

@Controller()
export class JobsController {
  constructor(private readonly reader: JobReader) {}

  @Respond(jobs.listJobs)
  list(query: InputOf<typeof jobs.listJobs>, { tenant }: CallContext<'tenant'>) {
    return this.reader.list(tenant, query);
  }

  @Respond(jobs.showJob)
  show({ id, aids }: InputOf<typeof jobs.showJob>) {
    return this.reader.show(id, aids);
  }

  @Respond(jobs.listWorkItems)
  workItems({ id, aids }: InputOf<typeof jobs.listWorkItems>) {
    return this.reader.workItems(id, aids);
  }

  @Respond(jobs.listJobLogs)
  logs({ id, aids, workItemId, after }: InputOf<typeof jobs.listJobLogs>) {
    return this.reader.logs(id, aids, workItemId, after);
  }
}
