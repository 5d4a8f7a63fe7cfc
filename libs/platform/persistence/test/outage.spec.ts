import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { databaseSettings, loadConfig, processSettings, toEnvironment } from '@runos/config';
import { event, type StoredMessage, storedMessage } from '@runos/contracts';
import { Readiness } from '@runos/observability';
import { removePostgresData, type RunningPostgres, startPostgres } from '@runos/testing-postgres';
import { waitUntil } from '@runos/testing-process';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { z } from 'zod';
import { Database } from '../src/transactions/database.js';
import { migrate } from '../src/migrations/migrate.js';
import { addToOutbox } from '../src/outbox/outbox.js';
import type { EventSink } from '../src/outbox/outbox-publisher.js';
import { PersistenceModule } from '../src/persistence.module.js';

const noted = event({
  subject: 'jobs.v1.noted',
  owner: 'jobs',
  subscribers: [],
  body: z.object({ n: z.number() }),
  delivery: 'at-least-once',
  receivers: 'one-replica',
});

const arrivals = new Set<(n: number) => void>();
const arrival = (expected: number) =>
  new Promise<void>((resolve) => {
    arrivals.add((n) => n === expected && resolve());
  });

class Sink implements EventSink {
  async publishStored(messages: readonly StoredMessage[]): Promise<void> {
    for (const { body } of messages) for (const notify of arrivals) notify((body as { n: number }).n);
  }
  onConnect(): () => void {
    return () => undefined;
  }
}

const dataDir = mkdtempSync(join(tmpdir(), 'runos-outage-'));
let postgres: RunningPostgres;
let port = 0;
let starting: Promise<INestApplicationContext> | undefined;
const readiness = new Readiness();
const startServer = async () => {
  postgres = await startPostgres({ dataDir, port, durable: false });
  port = postgres.port;
};

class Later1900000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE later (id int)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE later');
  }
}

async function startApp(migrations: (typeof Later1900000000000)[] = []): Promise<Database> {
  const databaseUrl = `postgres://jobs:jobs-pw@127.0.0.1:${port}/postgres`;
  const config = loadConfig(
    z.object({ ...processSettings, ...databaseSettings }),
    toEnvironment({ databaseUrl, logLevel: 'silent' }),
  );
  const platform = { provide: Readiness, useValue: readiness };
  @Module({ providers: [platform, Sink], exports: [platform, Sink] })
  class Platform {}
  const persistence = PersistenceModule.forService({ service: 'jobs', config, migrations, outbox: { sink: Sink } });
  @Module({ imports: [{ module: Platform, global: true }, persistence] })
  class Root {}
  starting = NestFactory.createApplicationContext(Root, { logger: false, abortOnError: false });
  return (await starting).get(Database);
}

/** Resolves when readiness is without this. */
async function missing(what: string): Promise<void> {
  let last: unknown;
  const isMissing = async () => {
    const report = await readiness.report();
    last = report;
    return report.missing.includes(what);
  };
  const because = () => `${what} is not missing: ${JSON.stringify(last)}`;
  await waitUntil(isMissing, { everyMs: 5, because });
}

beforeAll(async () => {
  await startServer();
  await migrateTo();
});
const migrateTo = (...migrations: (typeof Later1900000000000)[]) =>
  migrate({ service: 'jobs', ownerUrl: postgres.url, role: { name: 'jobs', password: 'jobs-pw' }, migrations });
afterEach(async () => (await starting)?.close());
afterAll(async () => {
  await postgres.stop();
  removePostgresData(dataDir);
  rmSync(dataDir, { recursive: true, force: true });
});

const write = (database: Database, n: number) =>
  database.transaction((manager) => addToOutbox(manager, storedMessage(noted, { n })));

describe('a service during an outage of its database', () => {
  it('reports it, throws the fault unavailable, and recovers', async () => {
    const database = await startApp();
    const first = arrival(1);
    await write(database, 1);
    await first;
    expect(await readiness.report()).toEqual({ ok: true, missing: [] });
    await postgres.stop();
    try {
      await expect(write(database, 2)).rejects.toMatchObject({ code: 'unavailable' });
      expect(await readiness.report()).toEqual({
        ok: false,
        missing: ['postgresql'],
        why: { postgresql: expect.stringMatching(/database/i) },
      });
    } finally {
      await startServer();
    }
    const third = arrival(3);
    await write(database, 3).catch(() => write(database, 3));
    await third;
    expect((await readiness.report()).ok).toBe(true);
  });

  it('starts without the database and is ready when it is reachable', async () => {
    await postgres.stop();
    let up = false;
    const starting = startApp().then((database) => {
      up = true;
      return database;
    });
    try {
      await missing('postgresql');
      expect(up).toBe(false);
    } finally {
      await startServer(); // the application can be stopped only after its start
    }
    expect(await (await starting).query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});

describe('a service with a pending migration', () => {
  it('reports the migration, waits, and is ready after it has run', async () => {
    const starting = startApp([Later1900000000000]);
    try {
      await missing('migrations');
      expect(await readiness.report()).toEqual({
        ok: false,
        missing: ['migrations'],
        why: { migrations: 'pending migrations; run the migration of this service: Later1900000000000' },
      });
    } finally {
      expect(await migrateTo(Later1900000000000)).toEqual(['Later1900000000000']);
    }
    expect(await (await starting).query('SELECT FROM later')).toEqual([]);
    expect((await readiness.report()).ok).toBe(true);
  });
});
