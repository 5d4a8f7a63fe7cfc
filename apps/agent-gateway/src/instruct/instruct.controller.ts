import { Controller } from '@nestjs/common';
import { agentGateway } from '@runos/contracts';
import { Respond, type CallContext } from '@runos/messaging';
import type { z } from 'zod';
import { Instruct } from './instruct.js';

@Controller()
export class InstructController {
  constructor(private readonly agents: Instruct) {}

  @Respond(agentGateway.instruct)
  instruct(input: z.output<typeof agentGateway.instruct.input>, { tenant, deadlineAt }: CallContext<'tenant'>) {
    const { cid, nid, type, body, timeoutMs } = input;
    const leftMs = Math.floor(Math.min(timeoutMs, deadlineAt - performance.now()));
    return this.agents.instruct({ aid: tenant, cid, nid: nid ?? '' }, type, body, leftMs);
  }
}
