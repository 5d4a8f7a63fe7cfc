import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Role } from '@runos/api';
import { type GatewayHarness, startHarness } from '../../test/harness.js';
import { aid, principal } from '../../test/sample-replies.js';

let harness: GatewayHarness;
beforeAll(async () => {
  harness = await startHarness();
});
beforeEach(() => harness.reset());
afterAll(() => harness.stop());

function get(path: string, role: Role, account = aid) {
  harness.reply('identity.v1.authenticate', () => ({ ...principal, memberships: [{ aid, role }] }));
  const authorization = `Bearer runos_pat_${role.padEnd(12, 't')}.${'t'.repeat(43)}`;
  return harness.send('GET', `/${account}/cli/mcp/${path}`, { headers: { authorization } });
}

describe('the documents for models', () => {
  it('list the topics of the role, of which each can be shown', async () => {
    const { body } = await get('bootstrap', 'viewer');
    const topics = body['topics'] as { key: string; title: string; commands: number }[];
    expect(topics.length).toBeGreaterThan(8);
    for (const { key, title, commands } of topics) {
      const shown = await get(`topics/${key}`, 'viewer');
      expect([shown.status, shown.body]).toEqual([200, expect.objectContaining({ key, title, commands })]);
      expect((shown.body['text'] as string).split('\n## ').length).toBe(commands + 1);
    }
  });

  it('have the commands of the role alone', async () => {
    const text = async (role: Role) => (await get('topics/services-valkey', role)).body['text'];
    expect(await text('viewer')).not.toContain('services_valkey_add\n');
    expect(await text('member')).toContain('services_valkey_add\n');
  });

  it('are searched by keywords', async () => {
    const { body } = await get('topics?keywords=cancel%20a%20job', 'member');
    expect(body).toMatchObject({ topics: expect.arrayContaining([expect.objectContaining({ key: 'jobs' })]) });
    expect((await get('topics?keywords=zebra', 'member')).body).toEqual({ topics: [] });
    expect((await get('topics', 'member')).body).toMatchObject({ code: 'request.invalid' });
  });

  it.each(['none', 'NOT_A_KEY'])('have no topic %s', async (key) => {
    const { status, body } = await get(`topics/${key}`, 'viewer');
    expect([status, body['code']]).toEqual([404, 'topic.not_found']);
  });

  it('are forbidden for another account', async () => {
    const { status, body } = await get('bootstrap', 'owner', 'other');
    expect([status, body['code']]).toEqual([403, 'auth.forbidden']);
  });
});
