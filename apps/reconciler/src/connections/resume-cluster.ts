import { Injectable } from '@nestjs/common';
import { afterCommit } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import { PausedDeadlineRepository } from '../jobs/paused-deadline-repository.js';
import { NodeTagDeliveryRepository } from '../nodes/node-tag-delivery-repository.js';
import type { ClusterRow } from '../schema/cluster-row.js';
import { Wakeups } from '../work/wakeups.js';
import { WorkRepository } from '../work/work-repository.js';

/** Delivers the waiting work of a cluster whose agent is connected now, and resumes the deadlines of its jobs. */
@Injectable()
export class ResumeCluster {
  constructor(
    private readonly work: WorkRepository,
    private readonly deadlines: PausedDeadlineRepository,
    private readonly nodeTags: NodeTagDeliveryRepository,
    private readonly wakeups: Wakeups,
  ) {}

  /** The transaction holds the lock of the connection. */
  async run(sql: EntityManager, cluster: ClusterRow): Promise<void> {
    await this.work.requeueCluster(sql, cluster.id);
    await this.deadlines.resume(sql, cluster);
    await this.nodeTags.repeat(sql, cluster.id);
    afterCommit(sql, () => {
      this.wakeups.wake('work');
      this.wakeups.wake('deadlines');
      this.wakeups.wake('addons');
      this.wakeups.wake('node-tags');
    });
  }
}
