import { connect } from '@nats-io/transport-node';
import { type EventContract, streamOf } from '@runos/contracts';
import { readPlaneInfo, eventually, readDataFile } from '@runos/tool-e2e';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Deletes the stream of a stored event in a running plane, and waits until the services have recreated it. Returns what
 * the readiness of the owner and of each subscriber reported meanwhile.
 */
export async function loseStream(data: string, { owner, subscribers }: EventContract): Promise<Record<string, string>> {
  const { ops } = await readPlaneInfo(data);
  const missing = async (name: string): Promise<string | undefined> => {
    const report = (await (await fetch(`${ops[name]}/readyz`)).json()) as { why?: Record<string, string> };
    return report.why && Object.entries(report.why).join();
  };
  await deleteStream(data, streamOf(owner));
  const reported: Record<string, string> = {};
  // The owner recreates it at its next check, so the subscribers are queried first.
  for (const name of [...subscribers, owner]) {
    reported[name] = await eventually(`the report of ${name} about the missing stream`, 20_000, () => missing(name));
  }
  for (const name of [...subscribers, owner]) {
    await eventually(`${name} to be ready again`, 30_000, async () => (await missing(name)) === undefined);
  }
  return reported;
}

/** No service has the permission, so NATS gets an administrator for this call. */
async function deleteStream(data: string, stream: string): Promise<void> {
  const { pids } = await readPlaneInfo(data);
  const file = join(data, 'nats', 'nats.conf');
  const config = await readFile(file, 'utf8');
  const user = { user: 'administrator', password: randomBytes(18).toString('base64url') };
  const configure = async (text: string): Promise<void> => {
    await writeFile(file, text);
    process.kill(Number(pids['nats']), 'SIGHUP');
  };
  await configure(config.replace('users: [', `users: [\n    ${JSON.stringify(user)}`));
  try {
    const { natsUrl } = await readDataFile<{ natsUrl: string }>(data, 'operator.json');
    const connection = await eventually('NATS to accept the administrator', 10_000, () =>
      connect({ servers: natsUrl, user: user.user, pass: user.password, reconnect: false }),
    );
    const answer = (await connection.request(`$JS.API.STREAM.DELETE.${stream}`)).json<{ success?: boolean }>();
    await connection.close();
    if (answer.success !== true) throw new Error(`${stream} was not deleted: ${JSON.stringify(answer)}`);
  } finally {
    await configure(config);
  }
}
