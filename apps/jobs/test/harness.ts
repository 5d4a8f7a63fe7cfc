import { Controller, Module } from '@nestjs/common';
import { loadConfig, type Setting, toEnvironment } from '@runos/config';
import { type JobProgress, reconciler, streamsUser } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { Respond, Bus, NatsConnector, type RunningService, startService, StreamDeclarer } from '@runos/messaging';
import { createLogger } from '@runos/observability';
import { Database, migrate, Retention } from '@runos/persistence';
import { type PlaneNats, planeNats } from '@runos/testing-nats';
import { temporaryPostgres } from '@runos/testing-postgres';
import { jobsService } from '../src/module.js';
import { JobProjection } from '../src/projection/job-projection.js';
import { mergeUpdates } from '../src/projection/job-update.js';
import { migrations } from '../src/schema/migrations/index.js';

/** Jobs that the fake reconciler has, whether or not it published them. */
export const reconcilerJobs = new Map<string, JobProgress>();

@Controller()
class FakeReconcilerController {
  @Respond(reconciler.readJob)
  read({ id, aids }: { id: string; aids: string[] }) {
    const found = reconcilerJobs.get(id);
    if (!found || !aids.includes(found.job.aid)) throw new Fault('job.not_found', `There is no job ${id}.`);
    return found;
  }
}

@Module({ controllers: [FakeReconcilerController] })
class FakeReconcilerModule {}

/** Two replicas of the service on a real PostgreSQL and NATS, its client and a fake reconciler. */
export interface JobsHarness {
  readonly nats: PlaneNats;
  readonly gateway: Bus;
  /** The fake reconciler: it publishes events and replies to requests until it is stopped. */
  readonly reconciler: RunningService;
  /** Projects updates as a replica does with received events, on one replica after the other. */
  project(...updates: readonly JobProgress[]): Promise<void>;
  /** Deletes expired jobs, on both replicas at the same time. */
  applyRetention(): Promise<void>;
  sql<Row>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  stop(): Promise<void>;
}

const logger = createLogger({ service: 'spec', level: 'silent' });

/** `settings`: settings of the jobs service beside those of its environment. */
export async function startHarness(settings: Readonly<Record<string, Setting>> = {}): Promise<JobsHarness> {
  const nats = await planeNats();
  const postgres = await temporaryPostgres();
  const role = { name: `jobs_${postgres.database}`, password: 'not-a-secret' };
  await migrate({ service: 'jobs', ownerUrl: postgres.url, role, migrations });
  const config = (name: Parameters<typeof nats.settingsOf>[0], replicaId = 'one') =>
    loadConfig(
      jobsService.config,
      toEnvironment({
        ...nats.settingsOf(name),
        logLevel: 'silent',
        replicaId,
        databaseUrl: postgres.urlFor(role.name, role.password),
        ...settings,
      }),
    );
  const streams = new StreamDeclarer({ config: config(streamsUser), logger });
  await streams.created;
  const replicas = await Promise.all(
    ['one', 'two'].map((replica) => startService(jobsService, config('jobs', replica), logger)),
  );
  const fakeReconciler = await startService(
    { name: 'reconciler', module: () => FakeReconcilerModule },
    config('reconciler'),
    logger,
  );
  const connector = new NatsConnector({ service: 'gateway', config: config('gateway'), logger });
  let next = 0;
  return {
    nats,
    project: async (...updates) => {
      const replica = replicas[(next += 1) % replicas.length];
      await replica?.app.get(JobProjection).project(mergeUpdates(updates));
    },
    applyRetention: async () => {
      await Promise.all(replicas.map(({ app }) => app.get(Retention, { strict: false }).run()));
    },
    gateway: new Bus('gateway', connector, config('gateway')),
    reconciler: fakeReconciler,
    sql: (text, values) => replicas[0]!.app.get(Database).query(text, values),
    stop: async () => {
      await Promise.all([connector, streams, ...replicas, fakeReconciler].map((running) => running.stop()));
      await postgres.stop();
      await nats.stop();
    },
  };
}
