import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { AgentHello } from '@runos/agent-protocol';
import pg from 'pg';
import { registerAt, TestAgent } from '../../test/test-agent.js';
import { type Harness, type Replica, useReplica } from '../../test/harness.js';

jest.setTimeout(20_000);

let harness: Harness;
let replica: Replica;
let owner: pg.Client;
afterAll(() => owner.end()); // before the database stops
useReplica((started) => ({ harness, replica } = started));
beforeAll(async () => {
  owner = new pg.Client({ connectionString: harness.postgres.url, options: '-c search_path=agent_gateway' });
  await owner.connect();
}, 30_000);

const hello = { version: '1.0.0', capabilities: [] };
const numbersOf = async (sql: string): Promise<number[]> =>
  (await harness.sql.query<{ no: string }>(sql)).rows.map(({ no }) => Number(no));

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
    await owner.query('SELECT setval($1, $2)', ['session_no', 1]);
    const after = new TestAgent(replica.streamPort, credentials);
    await after.request(AgentHello, hello);
    await harness.services.until(() => connection()?.connected === true);
    expect(connection()?.sessionNo).toBeGreaterThan(lost);
    after.stop();
  });

  it('session numbers are unique and grow, also beside an older build and while the clock is behind', async () => {
    const own = () => numbersOf('SELECT next_session_no() AS no FROM generate_series(1, 50)');
    const olderBuild = () => numbersOf(`SELECT nextval('session_no') AS no FROM generate_series(1, 50)`);
    const numbers = (await Promise.all([own(), olderBuild(), own(), olderBuild()])).flat();
    expect(new Set(numbers).size).toBe(200);
    await owner.query('SELECT setval($1, $2)', ['session_no', 2 ** 52]);
    expect(await numbersOf('SELECT next_session_no() AS no')).toEqual([2 ** 52 + 1]);
  });
});
