import { Injectable } from '@nestjs/common';
import { agentGateway } from '@runos/contracts';
import type { z } from 'zod';
import { AgentConnectionReporter } from '../agents/agent-connection-reporter.js';
import type { AgentKey } from '../agents/agent-repository.js';
import { SessionRegistry } from '../sessions/session-registry.js';
import { SessionRepository } from '../sessions/session-repository.js';
import { SessionRequests } from '../sessions/session-requests.js';

export type InstructResult = z.output<typeof agentGateway.instruct.output>;

/** An agent, and the session that the reconciler has accepted; undefined from an older reconciler. */
export interface Recipient extends AgentKey {
  readonly sessionNo: number | undefined;
}

/** Reserved for the reply of the replica that holds the session, ms: it must arrive before the caller's timeout. */
const replyReserveMs = 50;

/** Sends instructions through the replica that holds the stream of the agent. */
@Injectable()
export class InstructionSender {
  constructor(
    private readonly sessions: SessionRepository,
    private readonly registry: SessionRegistry,
    private readonly requests: SessionRequests,
    private readonly reporter: AgentConnectionReporter,
  ) {}

  /**
   * `absent` when the agent has no open session, or another one than the accepted: its agent may run in another
   * Kubernetes cluster. Also when no replica answers for the same session twice.
   */
  async send(recipient: Recipient, type: string, body: unknown, timeoutMs: number): Promise<InstructResult> {
    const { sessionNo: accepted, ...agent } = recipient;
    const deadline = performance.now() + timeoutMs;
    let attempted: number | undefined;
    for (;;) {
      const sessionNo = await this.sessions.find(agent);
      if (sessionNo === undefined || sessionNo === attempted) return { outcome: 'absent' };
      if (accepted !== undefined && sessionNo !== accepted) {
        await this.reporter.repeat(agent);
        return { outcome: 'absent' };
      }
      attempted = sessionNo;
      const remainingMs = Math.floor(deadline - performance.now());
      if (remainingMs <= replyReserveMs) return { outcome: 'unknown' };
      const outcome = await this.#sendTo(sessionNo, type, body, remainingMs - replyReserveMs);
      if (outcome !== undefined) return outcome;
    }
  }

  #sendTo(sessionNo: number, type: string, body: unknown, timeoutMs: number): Promise<InstructResult | undefined> {
    const agent = this.registry.find(sessionNo);
    if (agent !== undefined) return agent.instruct(type, body, timeoutMs);
    const request = { action: 'instruct' as const, type, body, timeoutMs };
    return this.requests.instruct(sessionNo, request, timeoutMs + replyReserveMs);
  }
}
