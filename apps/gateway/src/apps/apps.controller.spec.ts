import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type GatewayHarness, startHarness } from '../../test/harness.js';
import { aid } from '../../test/sample-replies.js';

let harness: GatewayHarness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.stop());

it.each([
  ['', {}],
  ['?force=true', { force: true }],
])('a decision about a diverged app reaches the service that stores it%s', async (query, sent) => {
  harness.reset();
  const body = JSON.stringify({ desired: 'cluster' });
  const headers = { 'content-type': 'application/json', 'if-match': '"7"' };
  const answer = await harness.send('POST', `/${aid}/ky3/apps/abcde/accept${query}`, { headers, body });
  expect([answer.status, answer.body]).toEqual([202, { jobId: expect.any(String) }]);
  const [received] = harness.received.filter(({ subject }) => subject === 'reconciler.v1.instance-accept');
  const input = { cid: 'ky3', type: 'app', id: 'abcde', desired: 'cluster', ifGeneration: 7, ...sent };
  expect(received?.input).toEqual(input);
});
