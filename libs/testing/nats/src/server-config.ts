import { randomBytes } from 'node:crypto';
import {
  contracts,
  type NatsUserName,
  permissionsOf,
  serviceNames,
  streamsPermissions,
  streamsUser,
} from '@runos/contracts';
import { accountsOf, type NatsUser } from './accounts.js';

/** A user without restrictions in the account of the streams, for tests and administration, never for a service. */
export const streamsAdministrator = (user: string, password = randomBytes(18).toString('base64url')): NatsUser => ({
  account: 'STREAMS',
  user,
  password,
  publish: ['>'],
  subscribe: ['>'],
  jetStream: [],
});

/** The users of the control plane: one per service, and the one that creates the streams. */
export const planeUsers = (passwordOf: (user: NatsUserName) => string): NatsUser[] => [
  ...serviceNames.map((user): NatsUser => ({
    account: 'PLANE',
    user,
    password: passwordOf(user),
    ...permissionsOf(user, contracts),
  })),
  { account: 'STREAMS', user: streamsUser, password: passwordOf(streamsUser), ...streamsPermissions(contracts) },
];

export interface ServerConfig {
  readonly port: number;
  readonly storeDir: string;
  readonly portsDir: string;
  readonly users: readonly NatsUser[];
}

const text = (value: unknown): string => JSON.stringify(value);

/** The configuration file of nats-server 2.9 or newer. Values are JSON strings, which its syntax accepts as quoted text. */
export const serverConfig = ({ port, storeDir, portsDir, users }: ServerConfig): string => `host: "127.0.0.1"
port: ${port || -1}
ports_file_dir: ${text(portsDir)}
# The limit of HTTP bodies and bundles.
max_payload: 4MB
# Limits for a slow consumer: beyond them NATS closes the connection, and the client reconnects.
write_deadline: "10s"
max_pending: 64MB
# Detects a half-open connection within ten seconds.
ping_interval: "5s"
ping_max: 2
jetstream {
  store_dir: ${text(storeDir)}
  max_memory_store: 64MB
  max_file_store: 4GB
}
${accountsOf(users.map((user) => ({ ...user, password: text(user.password) })))}`;

/** The environment variable of a user's password: `agent-gateway` → `NATS_AGENT_GATEWAY`. */
export const passwordVariable = (user: string): string => `NATS_${user.replaceAll('-', '_').toUpperCase()}`;

/**
 * The users of the control plane for the configuration of an external nats-server, with the permissions of their
 * contracts. The server reads the passwords from its environment. A password must start with a letter and consist of
 * letters, digits, `-` and `_`, because nats-server parses it as configuration.
 */
export const externalUsers = (): NatsUser[] => planeUsers((user) => `$${passwordVariable(user)}`);
