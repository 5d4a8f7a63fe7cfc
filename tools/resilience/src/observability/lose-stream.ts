import { connect, type NatsConnection } from '@nats-io/transport-node';
import { type EventContract, streamOf } from '@runos/contracts';
import { readPlaneInfo, eventually, readDataFile } from '@runos/tool-e2e';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Deletes the stream of a stored event in a running plane, until its owner and each subscriber have reported that. Then
 * it waits until the stream has been created again. Returns what their readiness reported.
 */
export async function loseStream(data: string, { owner, subscribers }: EventContract): Promise<Record<string, string>> {
  const { ops } = await readPlaneInfo(data);
  const missing = async (name: string): Promise<string | undefined> => {
    const report = (await (await fetch(`${ops[name]}/readyz`)).json()) as { why?: Record<string, string> };
    return report.why && Object.entries(report.why).join();
  };
  const names = [...subscribers, owner];
  const reported: Record<string, string> = {};
  await asAdministrator(data, async (connection) => {
    for (const name of names) {
      // It is created again within seconds, perhaps before a service has noticed.
      reported[name] = await eventually(`the report of ${name} about the missing stream`, async () => {
        await connection.request(`$JS.API.STREAM.DELETE.${streamOf(owner)}`);
        return missing(name);
      });
    }
  });
  for (const name of names) {
    await eventually(`${name} to be ready again`, async () => (await missing(name)) === undefined);
  }
  return reported;
}

/** No user has the permission to delete a stream, so NATS gets an administrator in the account of the streams. */
export async function asAdministrator(
  data: string,
  work: (connection: NatsConnection) => Promise<void>,
): Promise<void> {
  const { pids } = await readPlaneInfo(data);
  const file = join(data, 'nats', 'nats.conf');
  const config = await readFile(file, 'utf8');
  const user = { user: 'administrator', password: randomBytes(18).toString('base64url') };
  const configure = async (text: string): Promise<void> => {
    await writeFile(file, text);
    process.kill(Number(pids['nats']), 'SIGHUP');
  };
  await configure(config.replace('users: [', `users: [\n      ${JSON.stringify(user)}`));
  try {
    const { natsUrl } = await readDataFile<{ natsUrl: string }>(data, 'operator.json');
    const connection = await eventually('NATS to accept the administrator', () =>
      connect({ servers: natsUrl, user: user.user, pass: user.password, reconnect: false }),
    );
    try {
      await work(connection);
    } finally {
      await connection.close();
    }
  } finally {
    await configure(config);
  }
}
