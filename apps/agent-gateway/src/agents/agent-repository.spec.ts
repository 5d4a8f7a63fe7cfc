import { expect, it } from '@jest/globals';
import { RegisteredAgents } from '../../test/registered-agents.js';
import { type AgentInfo, type AgentKey, AgentRepository } from './agent-repository.js';

const agents = RegisteredAgents.use();

const infoOf = (version: string): AgentInfo => ({
  version,
  capabilities: [version],
  clusterUid: null,
  kubernetesStatus: null,
  roles: null,
  problems: null,
});

async function stored({ nid }: AgentKey) {
  const { rows } = await agents.harness.sql.query('SELECT version, capabilities, seq FROM agent WHERE nid = $1', [nid]);
  return rows[0] as { version: string; capabilities: string[]; seq: string };
}

/** The agent of a new session, whose info is written by the spec alone. */
async function connected() {
  const key = { aid: 'abcde', cid: 'ky3', nid: agents.node.nid };
  const { services } = agents.harness;
  const sessionNo = () => services.connectionOf(key.cid, key.nid)?.sessionNo ?? 0;
  const earlier = sessionNo();
  // A question states nothing about the agent, so the gateway writes no info.
  await agents.dial(agents.node, 'node').exchange({ type: 'AmIVIPHolder', jsonB64: 'e30=', tag: 't1' });
  await services.until(() => sessionNo() > earlier);
  const session = { sessionNo: sessionNo() };
  const repository = agents.replica.service.app.get(AgentRepository);
  const write = (infoNo: number, version: string) => repository.setInfo(key, { ...session, infoNo }, infoOf(version));
  return { key, write };
}

it('an info that is older than the stored one, or as old, changes nothing', async () => {
  const { key, write } = await connected();
  expect(await write(2, 'second')).toMatchObject([{ version: 'second', capabilities: ['second'] }]);
  const before = await stored(key);
  expect([await write(1, 'first'), await write(2, 'repeated')]).toEqual([[], []]);
  expect(await stored(key)).toEqual(before);
  expect(await write(3, 'third')).toMatchObject([{ version: 'third' }]);
});

it('the infos of a new session are numbered from the beginning', async () => {
  await connected().then(({ write }) => write(7, 'earlier'));
  const { key, write } = await connected();
  expect(await write(1, 'first')).toMatchObject([{ version: 'first' }]);
  expect(await stored(key)).toMatchObject({ version: 'first' });
});
