import { Controller } from '@nestjs/common';
import { agentGateway } from '@runos/contracts';
import { type CallContext, Respond } from '@runos/messaging';
import type { z } from 'zod';
import { InstructionSender } from './instruction-sender.js';

@Controller()
export class InstructionsController {
  constructor(private readonly instructions: InstructionSender) {}

  @Respond(agentGateway.instruct)
  instruct(input: z.output<typeof agentGateway.instruct.input>, { tenant, deadlineAt }: CallContext<'tenant'>) {
    const { cid, nid, sessionNo, type, body, timeoutMs } = input;
    const remainingMs = Math.floor(Math.min(timeoutMs, deadlineAt - performance.now()));
    return this.instructions.send({ aid: tenant, cid, nid: nid ?? '', sessionNo }, type, body, remainingMs);
  }
}
