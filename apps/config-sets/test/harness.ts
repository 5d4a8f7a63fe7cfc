import { Controller, Module } from '@nestjs/common';
import type { ConfigSet } from '@runos/api';
import { loadConfig, toEnvironment } from '@runos/config';
import { catalog, identity, reconciler } from '@runos/contracts';
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
    const { config, versions } = serviceType(type);
    const issues = configIssues(config ?? { keys: {}, reserved: {} }, values, versions);
    if (issues.length > 0) throw new Fault('configset.invalid', 'These values do not fit.', { issues });
    return { valid: true as const };
  }
}

/** A fake of the services that a deletion calls. */
@Controller()
class FakeReconcilerController {
  /** The instances that use a config set. */
  readonly users = new Map<string, string[]>();

  @Respond(reconciler.releaseConfigSet)
  release({ setId }: { setId: string }) {
    const osids = this.users.get(setId);
    if (osids) throw new Fault('configset.in_use', 'It is used.', { instances: osids.length, osids });
    return {};
  }
}

@Controller()
class FakeIdentityController {
  readonly entries: object[] = [];

  @Respond(identity.recordAudit)
  record({ action, subject, detail }: { action: string; subject: string; detail: object }) {
    this.entries.push({ action, subject, detail });
    return { id: String(this.entries.length) };
  }
}

@Module({ controllers: [FakeReconcilerController] })
class FakeReconcilerModule {}

@Module({ controllers: [FakeIdentityController] })
class FakeIdentityModule {}

@Module({ controllers: [FakeCatalogController] })
class FakeCatalogModule {}

/** Two replicas of the service on a real PostgreSQL and NATS, its clients and a fake catalog. */
export interface ConfigSetsHarness {
  readonly gateway: Bus;
  readonly reconciler: Bus;
  readonly catalog: RunningService;
  readonly users: Map<string, string[]>;
  readonly audit: object[];
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
  const fakeReconciler = await startService(
    { name: 'reconciler', module: () => FakeReconcilerModule },
    config('reconciler'),
    logger,
  );
  const fakeIdentity = await startService(
    { name: 'identity', module: () => FakeIdentityModule },
    config('identity'),
    logger,
  );
  const fakes = [fakeCatalog, fakeReconciler, fakeIdentity];
  const replica = (id: string) => startService(configSetsService, config('config-sets', id), logger);
  const [one, two] = await Promise.all([replica('one'), replica('two')]);
  const connectors: NatsConnector[] = [];
  const bus = (service: 'gateway' | 'reconciler') => {
    const connector = new NatsConnector({ service, config: config(service), logger });
    connectors.push(connector);
    return new Bus(service, connector, config(service));
  };
  return {
    gateway: bus('gateway'),
    reconciler: bus('reconciler'),
    catalog: fakeCatalog,
    users: fakeReconciler.app.get(FakeReconcilerController, { strict: false }).users,
    audit: fakeIdentity.app.get(FakeIdentityController, { strict: false }).entries,
    sql: (text, values) => one.app.get(Database).query(text, values),
    stop: async () => {
      await Promise.all([...connectors, one, two, ...fakes].map((running) => running.stop()));
      await postgres.stop();
      await nats.stop();
    },
  };
}
