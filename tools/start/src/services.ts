import { type Setting } from '@runos/config';
import { type ServiceName } from '@runos/contracts';
import { type Secrets } from './secrets.js';

/** What the settings of a service are made of. */
export interface Surroundings {
  readonly secrets: Secrets;
  readonly natsUrl: string;
  readonly postgres: { readonly host: string; readonly port: number; readonly url: string };
  readonly ports: { readonly api: number; readonly register: number; readonly stream: number };
  /** Where the agent gateway leaves the CA of its registration door. */
  readonly caFile: string;
}

export interface ServicePlan {
  readonly name: Exclude<ServiceName, 'operator'>;
  /** Has a schema, a role and a migration step. */
  readonly database: boolean;
  /** What it takes beside what all take. */
  readonly own: (surroundings: Surroundings) => Record<string, Setting>;
}

const nothing = (): Record<string, Setting> => ({});

export const services: readonly ServicePlan[] = [
  { name: 'identity', database: true, own: nothing },
  { name: 'catalog', database: false, own: nothing },
  { name: 'config-sets', database: true, own: nothing },
  { name: 'jobs', database: true, own: nothing },
  { name: 'reconciler', database: true, own: nothing },
  {
    name: 'agent-gateway',
    database: true,
    own: ({ ports, caFile }) => ({
      agentHost: '127.0.0.1',
      registerPort: ports.register,
      streamPort: ports.stream,
      caFile,
    }),
  },
  { name: 'gateway', database: false, own: ({ ports }) => ({ httpPort: ports.api }) },
];

/** The database that all services share, each with its own schema and role. */
export const databaseName = 'runos';

/** Everything a service is told, as settings; `toEnvironment` makes variables of them. */
export function settingsOf(plan: ServicePlan, surroundings: Surroundings, opsPort: number): Record<string, Setting> {
  const { natsUrl, secrets } = surroundings;
  return {
    natsUrl,
    natsUser: plan.name,
    natsPassword: secrets.passwords[plan.name],
    opsPort,
    ...(plan.database && { databaseUrl: databaseUrlOf(plan.name, surroundings), keyring: secrets.keyrings[plan.name] }),
    ...plan.own(surroundings),
  };
}

/** A service's role is called as the service; its password is its own. */
export function databaseUrlOf(name: ServiceName, { postgres, secrets }: Surroundings): string {
  const url = new URL(postgres.url);
  url.username = `runos_${name.replaceAll('-', '_')}`;
  url.password = secrets.passwords[name];
  url.pathname = `/${databaseName}`;
  return url.toString();
}
