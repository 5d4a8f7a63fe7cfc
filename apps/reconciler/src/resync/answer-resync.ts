import { Injectable } from '@nestjs/common';
import { differingBuckets } from '@runos/agent-protocol';
import type { reconciler } from '@runos/contracts';
import { InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';
import { Database } from '@runos/persistence';
import type { z } from 'zod';
import { Clusters } from '../clusters/clusters.js';
import { foreignAmong } from '../status/refuse-foreign.js';
import { Pokes } from '../work/pokes.js';
import { redeliver } from '../work/wake-work.js';
import { compareLists } from './compare-lists.js';
import { wantedBuckets, wantedIn, wantedRoot } from './wanted-hashes.js';

type Input = z.output<typeof reconciler.resync.input>;
type Answer = z.output<typeof reconciler.resync.output>;
type List = Extract<Input['question'], { step: 'list' }>;

/** Compares what an agent stores with what is wanted, and sends again what differs. */
@Injectable()
export class AnswerResync {
  constructor(
    private readonly database: Database,
    private readonly clusters: Clusters,
    private readonly pokes: Pokes,
    @InjectLogger() private readonly logger: Logger,
  ) {}

  async run({ cid, question }: Input, tenant: string): Promise<Answer> {
    if (question.step === 'list') return this.#list(cid, question, tenant);
    const sql = this.database.manager;
    const { id } = await this.clusters.get(sql, tenant, cid);
    if (question.step === 'buckets') {
      return { differing: differingBuckets(await wantedBuckets(sql, id), question.buckets) };
    }
    const { count, root } = await wantedRoot(sql, id);
    return { equal: count === question.count && root === question.root };
  }

  async #list(cid: string, { buckets, entries }: List, tenant: string): Promise<Answer> {
    const { again, unknown, foreign } = await this.database.transaction(async (sql) => {
      // Who changes many rows of work holds their cluster, so that two of them never wait for each other.
      const { id } = await this.clusters.get(sql, tenant, cid, 'change');
      const difference = compareLists(await wantedIn(sql, id, buckets), entries);
      await redeliver(sql, id, difference.redeliver);
      const { redeliver: again, unknown } = difference;
      return { again, unknown, foreign: await foreignAmong(sql, tenant, unknown) };
    });
    if (again.length > 0) this.pokes.poke('work');
    if (again.length + unknown.length > 0) {
      this.logger.info({ cid, aid: tenant, again: again.length, unknown: unknown.length }, 'an agent was out of step');
    }
    return { unknown: [...unknown], ...(foreign.length > 0 ? { foreign } : {}) };
  }
}
