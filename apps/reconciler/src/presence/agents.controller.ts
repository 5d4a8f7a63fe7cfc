import { Controller } from '@nestjs/common';
import { type AgentConnection, reconciler } from '@runos/contracts';
import { Respond, type CallContext } from '@runos/messaging';
import type { z } from 'zod';
import { AnswerResync } from '../resync/answer-resync.js';
import { RecordStatus } from '../status/record-status.js';
import { RecordPresence } from './record-presence.js';

type Call = CallContext<'tenant'>;
type In<C extends { input: z.ZodType }> = z.output<C['input']>;

/** What agents say, as their gateway passes it on. */
@Controller()
export class AgentsController {
  constructor(
    private readonly presence: RecordPresence,
    private readonly status: RecordStatus,
    private readonly comparison: AnswerResync,
  ) {}

  @Respond(reconciler.reportAgentConnection)
  async stands(told: AgentConnection, { tenant }: Call) {
    await this.presence.run(told, tenant);
    return {};
  }

  @Respond(reconciler.reportBundleStatus)
  async reports({ cid, status }: In<typeof reconciler.reportBundleStatus>, { tenant }: Call) {
    await this.status.run(cid, status, tenant);
    return {};
  }

  @Respond(reconciler.resync)
  compares(input: In<typeof reconciler.resync>, { tenant }: Call) {
    return this.comparison.run(input, tenant);
  }
}
