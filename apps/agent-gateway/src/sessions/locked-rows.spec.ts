import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Type } from '@nestjs/common';
import { Database } from '@runos/persistence';
import { waitUntil } from '@runos/testing-process';
import pg from 'pg';
import { type Harness, type Replica, useReplica } from '../../test/harness.js';
import { AgentRepository } from '../agents/agent-repository.js';
import { CertificateRepository } from '../certificates/certificate-repository.js';
import { DuplicateIdentityRepository } from '../certificates/duplicate-identity-repository.js';
import { OrphanedSessionRepository } from './orphaned-session-repository.js';

const never = 600_000;

let harness: Harness;
let replica: Replica;
// Its own maintenance writes nothing during the spec.
useReplica((started) => ({ harness, replica } = started), {
  maintenanceIntervalMs: never,
  leaseMs: 2 * never,
  staleAfterMs: never,
});

const locked = 'ky3';
const others = 'ky4';
let live: string;
let expired: string;

const service = <T>(type: Type<T>): T => replica.service.app.get(type);

/** The clusters of the rows that a statement has written. */
const cidsOf = (rows: readonly { readonly cid: string }[]): string[] => rows.map(({ cid }) => cid);

const statements = {
  closeNotHeld: async () =>
    cidsOf(await service(OrphanedSessionRepository).closeNotHeld(expired, { sessionNos: [], newestNo: 2 })),
  disconnectOrphaned: async () => cidsOf(await service(OrphanedSessionRepository).disconnectOrphaned(live, 1_000)),
  expireDisconnected: async () => cidsOf(await service(AgentRepository).expireDisconnected(1_000)),
  clearSilent: async () => cidsOf(await service(DuplicateIdentityRepository).clearSilent()),
  revokeReplaced: () => service(CertificateRepository).revokeReplaced(1_000),
};

/** One agent per cluster: its session is orphaned, its readiness stale, its duplicate silent, its certificate replaced. */
beforeEach(async () => {
  [live, expired] = [randomUUID(), randomUUID()];
  const { sql } = harness;
  for (const table of ['agent', 'session', 'certificate', 'replica']) await sql.query(`DELETE FROM ${table}`);
  await sql.query(
    `INSERT INTO replica (id, name, lease_expires_at)
     VALUES ($1, 'live', now() + interval '1 hour'), ($2, 'expired', now() - interval '1 s')`,
    [live, expired],
  );
  await sql.query(
    `INSERT INTO session (session_no, aid, cid, nid, serial, replica_id)
     VALUES (1, 'abcde', '${locked}', '', '${locked}', $1), (2, 'abcde', '${others}', '', '${others}', $1)`,
    [expired],
  );
  await sql.query(
    `INSERT INTO agent (aid, cid, nid, session_no, connected, ready, duplicate_addresses, duplicate_seen_at, last_heartbeat_at)
     SELECT aid, cid, nid, session_no, true, true, '{a,b}', now() - interval '1 hour', now() - interval '1 hour' FROM session`,
  );
  await sql.query(
    `INSERT INTO certificate (serial, fingerprint, aid, cid, nid, expires_at, replaces_serial, first_used_at)
     SELECT cid, '', aid, cid, '', now() + interval '1 hour', NULL, NULL FROM session
     UNION ALL
     SELECT cid || ' renewed', '', aid, cid, '', now() + interval '1 hour', cid, now() - interval '1 hour' FROM session`,
  );
});

/** Locks rows in a transaction of its own. */
async function lock(table: string, condition: string): Promise<pg.Client> {
  const client = await harness.client();
  await client.query(`SET search_path = agent_gateway; BEGIN`);
  await client.query(`SELECT 1 FROM ${table} WHERE ${condition} FOR SHARE`);
  return client;
}

const withoutWaiting = <T>(statement: Promise<T>): Promise<T | 'waits'> =>
  Promise.race([statement, sleep(60_000, 'waits' as const, { ref: false })]);

describe('maintenance of all clusters', () => {
  it.each([
    ['closeNotHeld', 'agent'],
    ['closeNotHeld', 'session'],
    ['disconnectOrphaned', 'agent'],
    ['disconnectOrphaned', 'session'],
    ['expireDisconnected', 'agent'],
    ['clearSilent', 'agent'],
    ['revokeReplaced', 'certificate'],
  ] as const)('waits for no row of one of them, and does it later: %s, %s', async (name, table) => {
    if (name === 'expireDisconnected') await harness.sql.query('UPDATE agent SET connected = false');
    const holder = await lock(table, `cid = '${locked}'`);
    const done = await withoutWaiting(statements[name]());
    await holder.query('ROLLBACK');
    expect(done).toEqual([others]);
    expect(await statements[name]()).toEqual([locked]);
    expect(await statements[name]()).toEqual([]);
  });

  it.each(['closeNotHeld', 'disconnectOrphaned'] as const)(
    'closes no session while it leaves its agent, nor the reverse: %s',
    async (name) => {
      const open = 'SELECT cid FROM session WHERE closed_at IS NULL';
      const connected = 'SELECT cid FROM agent WHERE connected';
      for (const table of ['agent', 'session']) {
        const holder = await lock(table, `cid = '${locked}'`);
        await withoutWaiting(statements[name]());
        await holder.query('ROLLBACK');
        for (const left of [open, connected]) expect((await harness.sql.query(left)).rows).toEqual([{ cid: locked }]);
      }
    },
  );

  it('closes sessions without an agent, and those of an agent that has another one', async () => {
    await harness.sql.query(`DELETE FROM agent WHERE cid = '${others}'`);
    await harness.sql.query(`UPDATE agent SET session_no = 3`);
    const holder = await lock('agent', 'true');
    expect(await withoutWaiting(statements.closeNotHeld())).toEqual([]);
    await holder.query('ROLLBACK');
    expect((await harness.sql.query('SELECT 1 FROM session WHERE closed_at IS NULL')).rowCount).toBe(0);
  });

  it.each(['closeNotHeld', 'disconnectOrphaned'] as const)(
    'ends in no deadlock with a session that opens: %s',
    async (name) => {
      const opening = await lock('agent', `cid = '${locked}'`);
      await opening.query(`UPDATE agent SET session_no = 3 WHERE cid = '${locked}'`);
      let isDone = false;
      const closing = statements[name]().finally(() => (isDone = true));
      const isWaiting = async () => isDone || (await harness.countWaiting()) > 0;
      await waitUntil(isWaiting, { because: () => 'the statement neither waits nor ends' });
      const older = `UPDATE session SET closed_at = now() WHERE cid = '${locked}' AND closed_at IS NULL`;
      const results = await Promise.allSettled([opening.query(older), closing]);
      await opening.query('COMMIT');
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
      expect(await statements[name]()).toEqual([]);
    },
  );
});

/** The outcomes of two statements of which the second one waits for the first, which waits for a row that `holder` has locked. */
async function outcomes(holder: pg.Client, first: () => Promise<unknown>, second: () => Promise<unknown>) {
  const waiting = (count: number): Promise<void> =>
    waitUntil(async () => (await harness.countWaiting()) === count, { because: () => `not ${count} statements wait` });
  const started = [first()];
  await waiting(1);
  started.push(second());
  await waiting(2);
  await holder.query('ROLLBACK');
  return (await Promise.allSettled(started)).map(({ status }) => status);
}

describe('statements about many agents', () => {
  it('lock them in one order: heartbeats, and the deletion of the cluster', async () => {
    await harness.sql.query(
      `INSERT INTO agent (aid, cid, nid, session_no, connected)
       SELECT 'abcde', cid, 'n' || n, 10 + n, true
       FROM (SELECT '${others}' AS cid, 2 AS count UNION ALL SELECT 'many', 5000) c, generate_series(1, count) AS n`,
    );
    const owner = new pg.Client({ connectionString: harness.postgres.url });
    await owner.connect();
    await owner.query('ANALYZE agent_gateway.agent'); // with many rows, the planner reads them in the order of the parameters
    await owner.end();
    const agents = service(AgentRepository);
    const heartbeatOf = (n: number) => ({
      aid: 'abcde',
      cid: others,
      nid: `n${n}`,
      sessionNo: 10 + n,
      ageMs: 0,
      ready: true,
    });
    const ended = await outcomes(
      await lock('agent', `nid = 'n1' AND cid = '${others}'`),
      () => service(Database).transaction((sql) => agents.deleteOfCluster(sql, 'abcde', others), { retries: 0 }),
      () => agents.writeHeartbeats([heartbeatOf(2), heartbeatOf(1)], 'wait'),
    );
    expect(ended).toEqual(['fulfilled', 'fulfilled']);
  });
});
