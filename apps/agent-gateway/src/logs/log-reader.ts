import { Injectable } from '@nestjs/common';
import { CLOSE_LOGS, type InputOf, type Instruction, OPEN_LOGS, READ_LOGS, type ReplyOf } from '@runos/agent-protocol';
import type { agentGateway, InputOf as RequestOf } from '@runos/contracts';
import { Fault, unavailable } from '@runos/kernel';
import { InstructionSender } from '../instructions/instruction-sender.js';

/** A log that the gateway has opened in the session of an agent. */
type OpenLog = RequestOf<typeof agentGateway.closeLogs>;
type Open = RequestOf<typeof agentGateway.openLogs>;
type Reading = RequestOf<typeof agentGateway.readLogs>;

/** Reads logs from cluster agents. Every request is one instruction, so nothing is kept here between two of them. */
@Injectable()
export class LogReader {
  constructor(private readonly instructions: InstructionSender) {}

  /** @throws Fault `limit.exceeded`, `unavailable` */
  async open({ query, ...log }: Open, tenant: string): Promise<Record<string, never>> {
    const reply = await this.#instruct(OPEN_LOGS, { id: log.id, query }, log, tenant);
    if (reply.opened) return {};
    const { limit: value } = reply;
    throw new Fault(
      'limit.exceeded',
      `The agent of cluster ${log.cid} reads ${value} logs at once; close some first.`,
      {
        limit: 'logsPerAgent',
        value,
        retryAfterSeconds: 10,
      },
    );
  }

  /** @throws Fault `unavailable` */
  read({ number, ...log }: Reading, tenant: string): Promise<ReplyOf<typeof READ_LOGS>> {
    return this.#instruct(READ_LOGS, { id: log.id, number }, log, tenant);
  }

  /** @throws Fault `unavailable`: the agent closes it by itself then */
  close(log: OpenLog, tenant: string): Promise<ReplyOf<typeof CLOSE_LOGS>> {
    return this.#instruct(CLOSE_LOGS, { id: log.id }, log, tenant);
  }

  async #instruct<I extends Instruction>(
    instruction: I,
    body: InputOf<I>,
    { cid, sessionNo }: Omit<OpenLog, 'id'>,
    aid: string,
  ): Promise<ReplyOf<I>> {
    const { type, deadlineMs } = instruction;
    const sent = await this.instructions.send({ aid, cid, nid: '', sessionNo }, type, body, deadlineMs);
    if (sent.outcome === 'replied') return sent.body as ReplyOf<I>;
    if (sent.outcome === 'refused')
      throw unavailable(`The agent of cluster ${cid} refused to read logs: ${sent.message}`);
    const why = sent.outcome === 'absent' ? 'is disconnected' : 'did not reply in time';
    throw unavailable(`The agent of cluster ${cid} ${why}, so its logs cannot be read now.`);
  }
}
