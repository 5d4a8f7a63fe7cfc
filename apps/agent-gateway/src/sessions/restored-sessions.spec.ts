import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AgentHello } from '@runos/agent-protocol';
import pg from 'pg';
import { registerAt, TestAgent } from '../../test/test-agent.js';
import { type Harness, type Replica, useReplica } from '../../test/harness.js';

let harness: Harness;
let replica: Replica;
let owner: pg.Client;
afterAll(() => owner.end()); // before the database stops
useReplica((started) => ({ harness, replica } = started));
beforeAll(async () => {
  owner = new pg.Client({ connectionString: harness.postgres.url, options: '-c search_path=agent_gateway' });
  await owner.connect();
});

/** The next number of the sequence is 1, as in a new database. */
const resetNumbers = () => owner.query('SELECT setval($1, 1, false)', ['session_no']);

const hello = { version: '1.0.0', capabilities: [] };
const numbersOf = async (sql: string, client = harness.sql): Promise<number[]> =>
  (await client.query<{ no: string }>(sql)).rows.map(({ no }) => Number(no));

describe('after a restore of an older database', () => {
  it('an agent gets a higher session number than the lost ones, so its reports are not taken for older', async () => {
    const { token } = await harness.token();
    const credentials = await registerAt(replica.registerPort, replica.registerCa, { token, machineId: 'restored' });
    const connection = () => harness.services.connectionOf('ky3', credentials.nid);
    const before = new TestAgent(replica.streamPort, credentials);
    await before.request(AgentHello, hello);
    await harness.services.until(() => connection()?.connected === true);
    const lost = Number(connection()?.sessionNo);
    before.stop();
    await harness.services.until(() => connection()?.connected === false);

    await owner.query('DELETE FROM session');
    await owner.query('DELETE FROM agent');
    await resetNumbers();
    const after = new TestAgent(replica.streamPort, credentials);
    await after.request(AgentHello, hello);
    await harness.services.until(() => connection()?.connected === true);
    expect(connection()?.sessionNo).toBeGreaterThan(lost);
    after.stop();
  });

  it('session numbers of concurrent replicas are unique, also beside an older build', async () => {
    const replicas = await Promise.all(Array.from({ length: 4 }, () => harness.client()));
    const next = ['agent_gateway.next_session_no()', `nextval('agent_gateway.session_no')`];
    for (let round = 0; round < 100; round += 1) {
      await resetNumbers();
      const calls = replicas.map((client, n) => numbersOf(`SELECT ${next[Math.floor(n / 3)]} AS no`, client));
      const numbers = (await Promise.all(calls)).flat();
      expect(new Set(numbers).size).toBe(replicas.length);
    }
    await Promise.all(replicas.map((client) => client.end()));
  });

  it('session numbers grow while the clock is behind', async () => {
    await owner.query('SELECT setval($1, $2)', ['session_no', 2 ** 52]);
    const own = () => numbersOf('SELECT next_session_no() AS no');
    expect([...(await own()), ...(await own())]).toEqual([2 ** 52 + 1, 2 ** 52 + 2]);
  });
});
