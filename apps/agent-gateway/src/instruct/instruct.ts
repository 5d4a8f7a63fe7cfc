import type { agentGateway } from '@runos/contracts';
import { traceHeaders } from '@runos/observability';
import type { z } from 'zod';
import type { AgentKey } from '../agents/agent-key.js';
import type { SessionHub } from '../sessions/session-hub.js';
import type { SessionLines } from '../sessions/session-lines.js';
import type { SessionStore } from '../sessions/session-store.js';

export type Instructed = z.output<typeof agentGateway.instruct.output>;

export interface InstructParts {
  readonly sessions: SessionStore;
  readonly hub: SessionHub;
  readonly lines: SessionLines;
}

/** Time kept back so that the answer of a holder that ran into its own deadline still arrives, ms. */
const wayBackMs = 50;

/** Hands instructions to whichever replica holds the agent's stream. */
export class Instruct {
  constructor(private readonly parts: InstructParts) {}

  /** `absent` only when the rows say so, or nobody answers at the session they name, twice. */
  async instruct(agent: AgentKey, type: string, body: unknown, timeoutMs: number): Promise<Instructed> {
    const end = performance.now() + timeoutMs;
    let tried: number | undefined;
    for (;;) {
      const sessionNo = await this.parts.sessions.find(agent);
      if (sessionNo === undefined || sessionNo === tried) return { outcome: 'absent' };
      tried = sessionNo;
      const leftMs = Math.floor(end - performance.now());
      if (leftMs <= wayBackMs) return { outcome: 'unknown' };
      const outcome = await this.#at(sessionNo, type, body, leftMs - wayBackMs);
      if (outcome !== undefined) return outcome;
    }
  }

  #at(sessionNo: number, type: string, body: unknown, timeoutMs: number): Promise<Instructed | undefined> {
    const here = this.parts.hub.find(sessionNo);
    if (here !== undefined) return here.instruct(type, body, timeoutMs);
    const order = { do: 'instruct' as const, type, body, timeoutMs, trace: traceHeaders() };
    return this.parts.lines.ask(sessionNo, order, timeoutMs + wayBackMs);
  }
}
