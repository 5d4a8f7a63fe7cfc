import { randomBytes } from 'node:crypto';
import { contracts, type Permissions, permissionsOf, serviceNames } from '@runos/contracts';

/** A user of NATS with its password and permissions. */
export interface NatsUser extends Permissions {
  readonly user: string;
  readonly password: string;
}

/** A user without restrictions, for tests and administration but never for a service. */
export const unrestrictedUser = (user: string, password = randomBytes(18).toString('base64url')): NatsUser => ({
  user,
  password,
  publish: ['>'],
  subscribe: ['>'],
  allowResponses: true,
});

export interface ServerConfig {
  readonly port: number;
  readonly storeDir: string;
  readonly portsDir: string;
  readonly users: readonly NatsUser[];
}

/** The configuration file of nats-server 2.9 or newer. Values are JSON strings, which its syntax accepts as quoted text. */
export function serverConfig({ port, storeDir, portsDir, users }: ServerConfig): string {
  const text = (value: unknown): string => JSON.stringify(value);
  return `host: "127.0.0.1"
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
authorization {
  users: [
${users.map((user) => `    ${userEntry(user)}`).join('\n')}
  ]
}
`;
}

const userEntry = (user: NatsUser): string =>
  JSON.stringify({ user: user.user, password: user.password, permissions: permissionsEntry(user) });

/** The permissions of a user in the configuration of nats-server. */
function permissionsEntry({ publish, subscribe, allowResponses }: Permissions): object {
  // An empty "allow" would permit everything, so an empty list denies all subjects.
  const only = (subjects: readonly string[]): object => (subjects.length > 0 ? { allow: subjects } : { deny: ['>'] });
  return { publish: only(publish), subscribe: only(subscribe), ...(allowResponses && { allow_responses: true }) };
}

/** The environment variable of a user's password: `agent-gateway` → `NATS_AGENT_GATEWAY`. */
export const passwordVariable = (user: string): string => `NATS_${user.replaceAll('-', '_').toUpperCase()}`;

/**
 * The users of the control plane for the configuration of an external nats-server, with the permissions of their
 * contracts. The server reads the passwords from its environment. A password must start with a letter and consist of
 * letters, digits, `-` and `_`, because nats-server parses it as configuration.
 */
export function planeUsers(): string {
  const users = serviceNames.map((user) => {
    const permissions = JSON.stringify(permissionsEntry(permissionsOf(user, contracts)));
    return `    { user: ${JSON.stringify(user)}, password: $${passwordVariable(user)}, permissions: ${permissions} }`;
  });
  return `authorization {\n  users: [\n${users.join('\n')}\n  ]\n}\n`;
}
