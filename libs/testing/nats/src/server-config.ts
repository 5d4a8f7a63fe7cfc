import { type NatsUser } from './nats-user.js';

export interface ServerConfig {
  readonly port: number;
  readonly storeDir: string;
  readonly portsDir: string;
  readonly users: readonly NatsUser[];
}

/**
 * nats-server's configuration file; every word in it is known to 2.9. JSON strings are valid there, so no value can
 * break out of its quotes.
 */
export function serverConfig({ port, storeDir, portsDir, users }: ServerConfig): string {
  const text = (value: unknown): string => JSON.stringify(value);
  return `host: "127.0.0.1"
port: ${port || -1}
ports_file_dir: ${text(portsDir)}
# One budget from HTTP body to bundle.
max_payload: 4MB
# Answers wait in memory for a slow reader this long and this much, then it is cut off and reconnects.
write_deadline: "10s"
max_pending: 64MB
# A half-open connection is noticed within ten seconds.
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

/** What a user may do, as nats-server reads it. */
export function permissionsEntry({ publish, subscribe, answers = true }: Omit<NatsUser, 'user' | 'password'>): object {
  // An empty list would allow everything; "deny" says nothing is allowed.
  const only = (subjects: readonly string[]): object => (subjects.length > 0 ? { allow: subjects } : { deny: ['>'] });
  return { publish: only(publish), subscribe: only(subscribe), ...(answers && { allow_responses: true }) };
}
