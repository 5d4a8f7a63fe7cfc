import { Controller } from '@nestjs/common';
import { jobs } from '@runos/contracts';
import { Answers, type CallContext } from '@runos/messaging';
import type { z } from 'zod';
import { Jobs } from './jobs.js';

type Input<C extends { input: z.ZodType }> = z.output<C['input']>;

@Controller()
export class JobsController {
  constructor(private readonly jobs: Jobs) {}

  @Answers(jobs.listJobs)
  list(asked: Input<typeof jobs.listJobs>, { tenant }: CallContext<'tenant'>) {
    return this.jobs.list(tenant, asked);
  }

  @Answers(jobs.showJob)
  show({ id, aids }: Input<typeof jobs.showJob>) {
    return this.jobs.show(id, aids);
  }

  @Answers(jobs.listWorkItems)
  workItems({ id, aids }: Input<typeof jobs.listWorkItems>) {
    return this.jobs.workItems(id, aids);
  }

  @Answers(jobs.listJobLogs)
  logs({ id, aids, workItemId, after }: Input<typeof jobs.listJobLogs>) {
    return this.jobs.logs(id, aids, workItemId, after);
  }
}
