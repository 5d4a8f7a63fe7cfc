import { type Setting } from '@runos/config';
import { type ServiceName } from '@runos/contracts';
import { type Secrets } from '../data/secrets.js';

export interface Ports {
  readonly api: number;
  readonly register: number;
  readonly stream: number;
}

/** What the settings of a service are made of. */
export interface Surroundings {
  readonly secrets: Secrets;
  readonly natsUrl: string;
  readonly postgres: { readonly host: string; readonly port: number; readonly url: string };
  /** Where the outside dials: a balancer's ports, or the only replica's own. */
  readonly ports: Ports;
  /** Where each replica listens for the outside; one entry per replica. */
  readonly replicaPorts: readonly Ports[];
  /** Where the agent gateway leaves the CA of its registration door. */
  readonly caFile: string;
}

export interface ServicePlan {
  readonly name: Exclude<ServiceName, 'operator'>;
  /** Has a schema, a role and a migration step. */
  readonly database: boolean;
  /** What it takes beside what all take. */
  readonly own: (surroundings: Surroundings, ports: Ports) => Record<string, Setting>;
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
    own: ({ caFile, ports: outside }, ports) => ({
      agentHost: '127.0.0.1',
      registerPort: ports.register,
      streamPort: ports.stream,
      publicRegisterPort: outside.register,
      publicStreamPort: outside.stream,
      caFile,
    }),
  },
  { name: 'gateway', database: false, own: (_, ports) => ({ httpPort: ports.api }) },
];

/** The database that all services share, each with its own schema and role. */
export const databaseName = 'runos';

/** The first replica is called as the service, the second `<service>-2`, and so on. */
export const replicaName = ({ name }: ServicePlan, replica: number): string =>
  replica === 0 ? name : `${name}-${replica + 1}`;

/** Everything one replica of a service is told, as settings; `toEnvironment` makes variables of them. */
export function settingsOf(
  plan: ServicePlan,
  surroundings: Surroundings,
  opsPort: number,
  replica = 0,
): Record<string, Setting> {
  const { natsUrl, secrets } = surroundings;
  return {
    natsUrl,
    natsUser: plan.name,
    natsPassword: secrets.passwords[plan.name],
    opsPort,
    ...(plan.database && { databaseUrl: databaseUrlOf(plan.name, surroundings), keyring: secrets.keyrings[plan.name] }),
    ...plan.own(surroundings, surroundings.replicaPorts[replica] ?? surroundings.ports),
  };
}

/** The database as its superuser, who may make schemas and roles. */
export function ownerUrlOf({ postgres }: { readonly postgres: { readonly url: string } }): string {
  const url = new URL(postgres.url);
  url.pathname = `/${databaseName}`;
  return url.toString();
}

/** A service's role is called as the service; its password is its own. */
export function databaseUrlOf(
  name: ServiceName,
  { postgres, secrets }: { readonly postgres: { readonly url: string }; readonly secrets: Secrets },
): string {
  const url = new URL(postgres.url);
  url.username = `runos_${name.replaceAll('-', '_')}`;
  url.password = secrets.passwords[name];
  url.pathname = `/${databaseName}`;
  return url.toString();
}
