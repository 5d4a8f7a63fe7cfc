import { expect, it } from '@jest/globals';
import type { Bus } from '@runos/messaging';
import { createLogger } from '@runos/observability';
import { ClusterShare } from './cluster-share.js';
import { AgentConnectionReporter } from './agent-connection-reporter.js';
import type { AgentRepository, AgentRow } from './agent-repository.js';

const rowOf = (cid: string, n: number) =>
  ({ aid: 'abcde', cid, nid: `n${n}`, session_no: n, seq: 1 }) as unknown as AgentRow;

it('reports about a cluster whose reports are not answered leave room for those about others', async () => {
  const reported: string[] = [];
  let answer = (): void => undefined;
  const answered = new Promise<void>((resolve) => (answer = resolve));
  const bus = {
    request: async (_: unknown, { cid }: { cid: string }) => {
      reported.push(cid);
      if (cid === 'ky3') await answered;
    },
  };
  const agents = { setAcknowledged: () => Promise.resolve() };
  const reporter = new AgentConnectionReporter(
    bus as unknown as Bus,
    agents as unknown as AgentRepository,
    new ClusterShare({ databasePoolSize: 10 }),
    createLogger({ service: 'spec', level: 'silent' }),
  );
  reporter.report(Array.from({ length: 100 }, (_, n) => rowOf('ky3', n)));
  reporter.report([rowOf('ky4', 1)]);
  await new Promise(setImmediate);
  const before = [...reported];
  answer();
  await reporter.stop();
  expect(before).toContain('ky4');
  expect(before.length).toBeLessThan(10);
});
