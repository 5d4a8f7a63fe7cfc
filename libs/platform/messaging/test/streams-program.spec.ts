import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { toEnvironment } from '@runos/config';
import { consumersOf, reconciler, streamOf, streamsUser } from '@runos/contracts';
import { type PlaneNats, planeNats } from '@runos/testing-nats';

const program = fileURLToPath(new URL('../dist/streams/main.js', import.meta.url));

let nats: PlaneNats;
let administrator: NatsConnection;
beforeAll(async () => {
  nats = await planeNats();
  const { user, password: pass } = nats.administrator;
  administrator = await connect({ servers: nats.url, user, pass });
});
afterAll(async () => {
  await administrator.close();
  await nats.stop();
});

function run(...args: readonly string[]) {
  const { natsUrl, natsUser, natsPassword } = nats.settingsOf(streamsUser);
  const env = { ...process.env, ...toEnvironment({ natsUrl, natsUser, natsPassword }) };
  const child = spawn(process.execPath, [program, ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close').then(([code]) => code as number);
  return { child, ended };
}

it('creates all streams and consumers and exits with --once', async () => {
  expect(await run('--once').ended).toBe(0);
  const manager = await jetstreamManager(administrator);
  const stream = streamOf('reconciler');
  const { subjects, republish } = (await manager.streams.info(stream)).config;
  expect([subjects, republish]).toEqual([[reconciler.jobProgressed.subject], undefined]);
  for (const { consumer } of consumersOf(reconciler.jobProgressed)) {
    expect((await manager.consumers.info(stream, consumer)).config.deliver_subject).toBeUndefined();
  }
});

it('keeps them until SIGTERM otherwise', async () => {
  const { child, ended } = run();
  const created = new Promise<void>((resolve) => {
    createInterface(child.stdout).on('line', (line) => line.includes('are created') && resolve());
  });
  await created;
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
});
