import { expect, it } from '@jest/globals';
import { createLogger } from '@runos/observability';
import type { AgentConnectionReporter } from '../agents/agent-connection-reporter.js';
import type { AgentRepository, Heartbeat } from '../agents/agent-repository.js';
import { ClusterShare } from '../agents/cluster-share.js';
import type { ConnectedAgent } from '../streams/connected-agent.js';
import { ReadinessWriter } from './readiness-writer.js';

const agentOf = (cid: string, sessionNo: number) =>
  ({ peer: { identity: { aid: 'abcde', cid, nid: `n${sessionNo}` } }, sessionNo }) as unknown as ConnectedAgent;

/** A repository in which the rows of cluster ky3 are locked until `unlock` is called. */
function lockedRows() {
  const writes: string[] = [];
  let isLocked = true;
  let unlock = (): void => undefined;
  const unlocked = new Promise<void>((resolve) => {
    unlock = () => {
      isLocked = false;
      resolve();
    };
  });
  const writeHeartbeats = async (heartbeats: readonly Heartbeat[], locks: 'wait' | 'skip-locked') => {
    const skipped = heartbeats.filter(({ cid }) => isLocked && locks === 'skip-locked' && cid === 'ky3');
    if (locks === 'wait') await unlocked;
    const written = heartbeats.filter((each) => !skipped.includes(each)).map(({ cid, nid }) => `${cid}/${nid}`);
    writes.push(`${locks}: ${written.join(' ')}`);
    return { changed: [], locked: skipped.map(({ sessionNo }) => sessionNo) };
  };
  return { writes, unlock: () => unlock(), agents: { writeHeartbeats } as unknown as AgentRepository };
}

it('readiness of a cluster whose rows are locked waits alone, and each agent once', async () => {
  const { writes, unlock, agents } = lockedRows();
  const writer = new ReadinessWriter({
    agents,
    reporter: { report: () => undefined } as unknown as AgentConnectionReporter,
    share: new ClusterShare({ databasePoolSize: 10 }),
    logger: createLogger({ service: 'spec', level: 'silent' }),
    stateOf: () => ({ ageMs: 0, ready: true }),
  });
  const flooding = [agentOf('ky3', 1), agentOf('ky3', 2)];
  const neighbour = agentOf('ky4', 3);
  for (let n = 0; n < 500; n += 1) await Promise.all([...flooding, neighbour].map((agent) => writer.add(agent)));
  expect(new Set(writes)).toEqual(new Set(['skip-locked: ky4/n3']));
  expect(writes).toHaveLength(500);
  unlock();
  await writer.settled();
  expect(writes.slice(500)).toEqual(['wait: ky3/n1 ky3/n2', 'wait: ky3/n1 ky3/n2']);
  await writer.add(flooding[0] as ConnectedAgent);
  expect(writes.at(-1)).toBe('skip-locked: ky3/n1');
});
