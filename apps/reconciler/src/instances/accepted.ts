import { Injectable } from '@nestjs/common';
import type { JobProgress } from '@runos/contracts';
import { InjectConfig, type ReconcilerConfig } from '../config.js';
import { JobsLink } from '../jobs/jobs-link.js';
import { Pokes } from '../work/pokes.js';

/** What follows the commit of a write that made a job. */
@Injectable()
export class Accepted {
  /** How long a job may take, and how long its agent may be away. */
  readonly clock: { readonly budgetMs: number; readonly leaveMs: number };

  constructor(
    private readonly jobs: JobsLink,
    private readonly pokes: Pokes,
    @InjectConfig() config: ReconcilerConfig,
  ) {
    this.clock = { budgetMs: config.jobDeadlineSeconds * 1_000, leaveMs: config.jobLeaveSeconds * 1_000 };
  }

  /** Sets the worker going, sees to the deadline, and tells the jobs service. Nothing opened: nothing to do. */
  async follow(opened: JobProgress | undefined): Promise<void> {
    if (opened === undefined) return;
    this.pokes.poke('work');
    this.pokes.poke('deadlines', this.clock.budgetMs);
    await this.jobs.open(opened);
  }
}
