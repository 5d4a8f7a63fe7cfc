import { manifestFolder } from '@runos/testing-kube';
import { type Setting } from '@runos/config';
import { type ServiceName } from '@runos/contracts';
import { type Secrets } from '../data/secrets.js';

export interface Ports {
  readonly api: number;
  readonly register: number;
  readonly stream: number;
}

/** The values from which the settings of each service derive. */
export interface PlaneSettings {
  readonly secrets: Secrets;
  readonly natsUrl: string;
  readonly postgres: { readonly host: string; readonly port: number; readonly url: string };
  /** The public ports: those of the balancers, or of the only replica. */
  readonly ports: Ports;
  /** The ports on which each replica listens; one entry per replica. */
  readonly replicaPorts: readonly Ports[];
  /** The file to which the agent gateway writes the CA of its registration endpoint. */
  readonly caFile: string;
}

export interface ServicePlan {
  readonly name: Exclude<ServiceName, 'operator'>;
  /** Whether it has a schema, a role and a migration program. */
  readonly database: boolean;
  /** Settings that only this service has. */
  readonly ownSettings: (plane: PlaneSettings, ports: Ports) => Record<string, Setting>;
}

/** This machine, to the pods and nodes of the demo cluster. */
export const planeName = 'plane.runos.internal';

const noSettings = (): Record<string, Setting> => ({});

export const services: readonly ServicePlan[] = [
  { name: 'identity', database: true, ownSettings: noSettings },
  { name: 'catalog', database: false, ownSettings: noSettings },
  { name: 'config-sets', database: true, ownSettings: noSettings },
  { name: 'jobs', database: true, ownSettings: noSettings },
  { name: 'reconciler', database: true, ownSettings: () => ({ addonManifests: manifestFolder() }) },
  {
    name: 'agent-gateway',
    database: true,
    ownSettings: ({ caFile, ports: publicPorts }, ports) => ({
      agentHost: '127.0.0.1',
      serverNames: ['localhost', '127.0.0.1', planeName].join(','),
      registerPort: ports.register,
      streamPort: ports.stream,
      publicRegisterPort: publicPorts.register,
      publicStreamPort: publicPorts.stream,
      caFile,
    }),
  },
  { name: 'gateway', database: false, ownSettings: (_, ports) => ({ httpPort: ports.api }) },
];

/** The database that all services share, each with its own schema and role. */
export const databaseName = 'runos';

/** The first replica has the name of the service, the second is `<service>-2`, and so on. */
export const replicaName = ({ name }: ServicePlan, replica: number): string =>
  replica === 0 ? name : `${name}-${replica + 1}`;

/** All settings of one replica; `toEnvironment` converts them to environment variables. */
export function settingsOf(
  plan: ServicePlan,
  plane: PlaneSettings,
  opsPort: number,
  replica = 0,
): Record<string, Setting> {
  const { natsUrl, secrets } = plane;
  return {
    natsUrl,
    natsUser: plan.name,
    natsPassword: secrets.passwords[plan.name],
    opsPort,
    ...(plan.database && { databaseUrl: databaseUrlOf(plan.name, plane), keyring: secrets.keyrings[plan.name] }),
    ...plan.ownSettings(plane, plane.replicaPorts[replica] ?? plane.ports),
  };
}

/** The database URL of the superuser, who may create schemas and roles. */
export function ownerUrlOf({ postgres }: { readonly postgres: { readonly url: string } }): string {
  const url = new URL(postgres.url);
  url.pathname = `/${databaseName}`;
  return url.toString();
}

/** The database URL of a service, with its own role and password. */
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
