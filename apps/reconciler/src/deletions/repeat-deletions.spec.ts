import { afterEach, describe, expect, it } from '@jest/globals';
import type { Database } from '@runos/persistence';
import { setImmediate } from 'node:timers/promises';
import type { ClusterLog } from '../clusters/cluster-log.js';
import type { AgentInstructions } from '../delivery/agent-instructions.js';
import type { InstructionOutcome } from '../delivery/delivery-plan.js';
import type { DeletionRepository, DeletionRow } from './deletion-repository.js';
import { RepeatDeletions } from './repeat-deletions.js';

const aid = 'aaaaa';
const osids = Array.from({ length: 40 }, (_, index) => `valkey-q${String(index).padStart(4, '0')}`);

/** Every reported OSID was deleted in its cluster. */
const deletions = {
  among: (_sql: unknown, tenant: string, cid: string, reported: readonly string[]) =>
    Promise.resolve(reported.map((osid) => ({ aid: tenant, cid, osid, uid: null, foreign_uid: null }) as DeletionRow)),
};

/** The agent of `silent` replies only when a test releases it; all others accept at once. */
class Agents {
  readonly instructed: string[] = [];
  readonly #waiting: (() => void)[] = [];

  repeatDeletion({ cid, osid }: DeletionRow): Promise<InstructionOutcome> {
    this.instructed.push(`${cid}/${osid}`);
    if (cid !== 'silent') return Promise.resolve({ outcome: 'accepted', done: true });
    return new Promise((resolve) => this.#waiting.push(() => resolve({ outcome: 'unknown' })));
  }

  /** The instructions in progress end without a reply. */
  release(): void {
    for (const end of this.#waiting.splice(0)) end();
  }
}

const settle = async () => {
  for (let round = 0; round < 10; round += 1) await setImmediate();
};

describe('the repeated deletions of a cluster whose agent is silent', () => {
  let agents: Agents;
  let repeat: RepeatDeletions;
  const start = () => {
    agents = new Agents();
    repeat = new RepeatDeletions(
      {} as Database,
      deletions as unknown as DeletionRepository,
      agents as unknown as AgentInstructions,
      { write: () => undefined } as unknown as ClusterLog,
    );
    return repeat.run(aid, { cid: 'silent' }, osids);
  };
  afterEach(async () => {
    const stopped = repeat.onModuleDestroy();
    agents.release();
    await stopped;
  });

  it('hold two instructions at a time, and follow each other', async () => {
    await start();
    await settle();
    expect(agents.instructed).toEqual(['silent/valkey-q0000', 'silent/valkey-q0001']);
    agents.release();
    await settle();
    expect(agents.instructed.slice(2)).toEqual(['silent/valkey-q0002', 'silent/valkey-q0003']);
  });

  it('do not delay that of another cluster', async () => {
    await start();
    await settle();
    await repeat.run(aid, { cid: 'near' }, ['valkey-nnnnn']);
    await settle();
    expect(agents.instructed).toContain('near/valkey-nnnnn');
  });

  it('are dropped when the reconciler stops', async () => {
    await start();
    await settle();
    const stopped = repeat.onModuleDestroy();
    agents.release();
    await stopped;
    expect(agents.instructed).toHaveLength(2);
  });
});
