import { Controller, Module } from '@nestjs/common';
import type { ConfigSet } from '@runos/api';
import { loadConfig, toEnvironment } from '@runos/config';
import { catalog } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { Respond, Bus, NatsConnector, type RunningService, startService } from '@runos/messaging';
import { createLogger } from '@runos/observability';
import { Database, migrate } from '@runos/persistence';
import { configIssues } from '@runos/catalog-model';
import { serviceType } from '@runos/service-types';
import { planeNats } from '@runos/testing-nats';
import { temporaryPostgres } from '@runos/testing-postgres';
import { configSetsService } from '../src/module.js';
import { migrations } from '../src/schema/migrations/index.js';

/** A fake catalog with the data of the real one; apps do not import each other. */
@Controller()
class FakeCatalogController {
  @Respond(catalog.checkConfigValues)
  check({ type, values }: { type: string; values: ConfigSet['values'] }) {
    const issues = configIssues(serviceType(type).config ?? { keys: {}, reserved: {} }, values);
    if (issues.length > 0) throw new Fault('configset.invalid', 'These values do not fit.', { issues });
    return { valid: true as const };
  }
}

@Module({ controllers: [FakeCatalogController] })
class FakeCatalogModule {}

/** Two replicas of the service on a real PostgreSQL and NATS, its clients and a fake catalog. */
export interface ConfigSetsHarness {
  readonly gateway: Bus;
  readonly reconciler: Bus;
  readonly catalog: RunningService;
  /** One statement as the service's own role. */
  sql(text: string, values: readonly unknown[]): Promise<unknown[]>;
  stop(): Promise<void>;
}

const logger = createLogger({ service: 'spec', level: 'silent' });

export async function startHarness(): Promise<ConfigSetsHarness> {
  const nats = await planeNats();
  const postgres = await temporaryPostgres();
  const role = { name: `config_sets_${postgres.database}`, password: 'not-a-secret' };
  await migrate({ service: 'config-sets', ownerUrl: postgres.url, role, migrations });
  const config = (name: Parameters<typeof nats.settingsOf>[0], replicaId = 'one') =>
    loadConfig(
      configSetsService.config,
      toEnvironment({
        ...nats.settingsOf(name),
        replicaId,
        databaseUrl: postgres.urlFor(role.name, role.password),
        maxConfigSets: 5,
        maxConfigSetVersions: 12,
      }),
    );
  const fakeCatalog = await startService(
    { name: 'catalog', module: () => FakeCatalogModule },
    config('catalog'),
    logger,
  );
  const replica = (id: string) => startService(configSetsService, config('config-sets', id), logger);
  const [one, two] = await Promise.all([replica('one'), replica('two')]);
  const connectors: NatsConnector[] = [];
  const bus = (service: 'gateway' | 'reconciler') => {
    const connector = new NatsConnector({ service, config: config(service), logger });
    connectors.push(connector);
    return new Bus(service, connector, true);
  };
  return {
    gateway: bus('gateway'),
    reconciler: bus('reconciler'),
    catalog: fakeCatalog,
    sql: (text, values) => one.app.get(Database).query(text, values),
    stop: async () => {
      await Promise.all([...connectors, one, two, fakeCatalog].map((running) => running.stop()));
      await postgres.stop();
      await nats.stop();
    },
  };
}
