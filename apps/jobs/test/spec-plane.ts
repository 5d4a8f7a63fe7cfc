import { Controller, Module } from '@nestjs/common';
import { loadConfig, type Setting, toEnvironment } from '@runos/config';
import { type JobProgress, reconciler } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { Respond, Bus, NatsConnector, type RunningService, startService } from '@runos/messaging';
import { createLogger } from '@runos/observability';
import { Database, migrate } from '@runos/persistence';
import { type PlaneNats, planeNats } from '@runos/testing-nats';
import { temporaryPostgres } from '@runos/testing-postgres';
import { jobsService } from '../src/jobs-service.js';
import { migrations } from '../src/schema/migrations.js';

/** What the reconciler has minted and nobody was told of. */
export const minted = new Map<string, JobProgress>();

@Controller()
class ReconcilerStandIn {
  @Respond(reconciler.readJob)
  read({ id, aids }: { id: string; aids: string[] }) {
    const found = minted.get(id);
    if (!found || !aids.includes(found.job.aid)) throw new Fault('job.not_found', `There is no job ${id}.`);
    return found;
  }
}

@Module({ controllers: [ReconcilerStandIn] })
class ReconcilerStandInModule {}

/** Two replicas of the service on a real PostgreSQL and NATS, with those who tell and ask it. */
export interface SpecPlane {
  readonly nats: PlaneNats;
  readonly gateway: Bus;
  /** Asks and publishes as the reconciler, whose answers it gives too until it is stopped. */
  readonly reconciler: RunningService;
  sql<Row>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  stop(): Promise<void>;
}

const logger = createLogger({ service: 'spec', level: 'silent' });

/** `own`: settings of the service beside those of its surroundings. */
export async function specPlane(own: Readonly<Record<string, Setting>> = {}): Promise<SpecPlane> {
  const nats = await planeNats();
  const postgres = await temporaryPostgres();
  const role = { name: `jobs_${postgres.database}`, password: 'not-a-secret' };
  await migrate({ service: 'jobs', ownerUrl: postgres.url, role, migrations });
  const config = (name: Parameters<typeof nats.settingsOf>[0], replicaId = 'one') =>
    loadConfig(
      jobsService.config,
      toEnvironment({
        ...nats.settingsOf(name),
        replicaId,
        databaseUrl: postgres.urlFor(role.name, role.password),
        ...own,
      }),
    );
  const replicas = await Promise.all(
    ['one', 'two'].map((replica) => startService(jobsService, config('jobs', replica), logger)),
  );
  const standIn = await startService(
    { name: 'reconciler', module: () => ReconcilerStandInModule },
    config('reconciler'),
    logger,
  );
  const link = new NatsConnector({ service: 'gateway', config: config('gateway'), logger });
  return {
    nats,
    gateway: new Bus('gateway', link, true),
    reconciler: standIn,
    sql: (text, values) => replicas[0]!.app.get(Database).query(text, values),
    stop: async () => {
      await Promise.all([link, ...replicas, standIn].map((running) => running.stop()));
      await postgres.stop();
      await nats.stop();
    },
  };
}
