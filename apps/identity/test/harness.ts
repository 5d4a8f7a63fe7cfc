import type { Role } from '@runos/api';
import { loadConfig, toEnvironment } from '@runos/config';
import { type Actor, identity, type ServiceName } from '@runos/contracts';
import { Bus, NatsConnector, type RunningService, startService } from '@runos/messaging';
import { createLogger } from '@runos/observability';
import { Database, migrate } from '@runos/persistence';
import { keyringEntry } from '@runos/security';
import { type PlaneNats, planeNats } from '@runos/testing-nats';
import { temporaryPostgres } from '@runos/testing-postgres';
import { identityService } from '../src/module.js';
import { migrations } from '../src/schema/migrations/index.js';

/** Two replicas of the service on a real PostgreSQL and NATS, and its clients. */
export interface IdentityHarness {
  readonly nats: PlaneNats;
  readonly replicas: readonly RunningService[];
  bus(service: ServiceName): Bus;
  sql<Row>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  stop(): Promise<void>;
}

const logger = createLogger({ service: 'spec', level: 'silent' });

export async function startHarness(): Promise<IdentityHarness> {
  const nats = await planeNats();
  const postgres = await temporaryPostgres();
  const role = { name: `identity_${postgres.database}`, password: 'not-a-secret' };
  await migrate({ service: 'identity', ownerUrl: postgres.url, role, migrations });
  const config = (name: ServiceName, replicaId = 'one') =>
    loadConfig(
      identityService.config,
      toEnvironment({
        ...nats.settingsOf(name),
        logLevel: 'silent',
        replicaId,
        databaseUrl: postgres.urlFor(role.name, role.password),
        keyring: keyringEntry({ id: 'k1', key: Buffer.alloc(32, 7) }),
        maxApiKeys: 6,
        maxFailedLogIns: 3,
      }),
    );
  const replicas = await Promise.all(
    ['one', 'two'].map((replica) => startService(identityService, config('identity', replica), logger)),
  );
  const connectors = new Map<ServiceName, NatsConnector>();
  return {
    nats,
    replicas,
    bus(service) {
      const connector = connectors.get(service) ?? new NatsConnector({ service, config: config(service), logger });
      connectors.set(service, connector);
      return new Bus(service, connector, config(service));
    },
    sql: (text, values) => replicas[0]!.app.get(Database).query(text, values),
    stop: async () => {
      await Promise.all([...connectors.values(), ...replicas].map((running) => running.stop()));
      await postgres.stop();
      await nats.stop();
    },
  };
}

let people = 0;
export const newEmail = () => `person-${(people += 1)}@example.com`;

/** The actor as the gateway sends it. */
export const actorWith = (role: Role, keyId = 'k'): Actor => ({ kind: 'pat', id: keyId, name: 'spec', role });

/** A new account with its owner's requests, as the gateway would send them. */
export async function newOwner(plane: IdentityHarness, email = newEmail()) {
  const account = await plane.bus('operator').request(identity.createAccount, { email });
  const gateway = plane.bus('gateway');
  const { userId, keyId } = await gateway.request(identity.authenticate, { token: account.token });
  const tenant = account.aid;
  return {
    ...account,
    userId,
    firstKey: keyId,
    create: (key: object, role: Role = 'owner', idempotency?: { key: string; requestHash: string }) =>
      gateway.request(
        identity.createApiKey,
        { userId, key: { name: 'key', ...key }, idempotency },
        { tenant, actor: actorWith(role, keyId) },
      ),
    revoke: (id: string, of = tenant) =>
      gateway.request(identity.revokeApiKey, { id }, { tenant: of, actor: actorWith('owner') }),
    show: (id: string) => gateway.request(identity.showApiKey, { id }, { tenant }),
    list: async () => (await gateway.request(identity.listApiKeys, {}, { tenant })).apiKeys,
  };
}
