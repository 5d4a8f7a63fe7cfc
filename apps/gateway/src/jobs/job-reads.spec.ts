import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { withQuotedLog } from '@runos/api';
import { EventStreamReader } from '../../test/event-stream-reader.js';
import { type GatewayHarness, startHarness } from '../../test/harness.js';
import { aid, job, jobId, logLine, principal, token, workItem } from '../../test/sample-replies.js';

const viewerToken = `runos_pat_${'b'.repeat(12)}.${'t'.repeat(43)}`;
const viewer = { ...principal, keyId: 'b'.repeat(12), memberships: [{ aid, role: 'viewer' }] };
const member = { ...principal, memberships: [{ aid, role: 'member' }] };
const error = withQuotedLog('It keeps ending.', ['the first line', 'the second line']);
const cut = 'It keeps ending. Its last log lines need the right "sensitive_read".';

let harness: GatewayHarness;
beforeAll(async () => {
  harness = await startHarness();
  const failed = { ...job, status: 'failed', error, completedAt: job.createdAt };
  const item = { ...workItem(1, 'failed'), result: error };
  harness.reply('identity.v1.authenticate', ({ input }) => (input['token'] === token ? member : viewer));
  harness.reply('jobs.v1.list', () => ({ jobs: [failed], nextCursor: null }));
  harness.reply('jobs.v1.show', () => failed);
  harness.reply('jobs.v1.workitems', () => ({ jobId, workItems: [item], hasMore: false }));
  harness.reply('jobs.v1.logs', ({ input: { workItemId, after } }) => ({
    workItemId,
    logs: after === undefined ? [{ ...logLine(1, 1), message: error }] : [],
    nextCursor: null,
  }));
});
afterAll(() => harness.stop());

const read = async (path: string, by: string) =>
  (await harness.send('GET', path, { headers: { authorization: `Bearer ${by}` } })).body;
const wid = workItem(1, 'failed').id;

describe('the log lines that a failed job quotes', () => {
  it.each([
    ['a job', `/jobs/${jobId}`, { error: cut }, { error }],
    ['a list of jobs', `/${aid}/jobs`, { jobs: [{ error: cut }] }, { jobs: [{ error }] }],
    ['its steps', `/jobs/${jobId}/workitems`, { workItems: [{ result: cut }] }, { workItems: [{ result: error }] }],
    ['its log', `/jobs/${jobId}/workitems/${wid}/logs`, { logs: [{ message: cut }] }, { logs: [{ message: error }] }],
  ])('are shown to those who may read logs, and to no viewer: %s', async (_, path, less, all) => {
    expect(await read(path, viewerToken)).toMatchObject(less);
    expect(await read(path, token)).toMatchObject(all);
  });

  it('are in no stream of a viewer', async () => {
    const textOf = async (by: string): Promise<string> => {
      const stream = await EventStreamReader.open(`${harness.url}/jobs/${jobId}/stream`, {
        authorization: `Bearer ${by}`,
      });
      return JSON.stringify((await stream.rest()).map(({ data }) => data));
    };
    expect((await textOf(token)).split('the second line')).toHaveLength(4);
    const shown = await textOf(viewerToken);
    expect(shown).not.toContain('second line');
    expect(shown.split('need the right')).toHaveLength(4);
  });
});
