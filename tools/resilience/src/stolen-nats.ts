import { connect, type NatsConnection } from '@nats-io/transport-node';
import { inboxOf, type NatsUserName } from '@runos/contracts';
import { readDataFile } from '@runos/tool-e2e';

/** The NATS credentials of all users of a running plane, as a thief of its data folder has them. */
export interface StolenNats {
  readonly url: string;
  readonly passwordOf: (user: NatsUserName) => string;
  /** The caller closes the connection. */
  readonly connectAs: (user: NatsUserName) => Promise<NatsConnection>;
}

export async function stealNats(data: string): Promise<StolenNats> {
  const { passwords } = await readDataFile<{ passwords: Record<NatsUserName, string> }>(data, 'secrets.json');
  const { natsUrl: url } = await readDataFile<{ natsUrl: string }>(data, 'operator.json');
  return {
    url,
    passwordOf: (user) => passwords[user],
    connectAs: (user) =>
      connect({ servers: url, user, pass: passwords[user], inboxPrefix: inboxOf(user), reconnect: false }),
  };
}
