import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { Controller, Module } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { loadConfig, serviceConfig, toEnvironment } from '@runos/config';
import { consumerOf, streamOf } from '@runos/contracts';
import { createLogger } from '@runos/observability';
import { unrestrictedUser, type RunningNats, startNats } from '@runos/testing-nats';
import { Respond, Subscribe } from '../src/service/handlers.js';
import { doIt, recorded, specContracts } from './test-contracts.js';
import { type RunningService, startService } from '../src/service/start-service.js';

let onEvent: (n: number) => void = () => undefined;

@Controller()
class Worker {
  @Respond(doIt)
  doIt() {
    return { done: 1 };
  }

  @Subscribe(recorded)
  recorded({ n }: { n: number }) {
    onEvent(n);
  }
}

@Module({ controllers: [Worker] })
class Own {}

@Module({})
class Empty {}

const dataDir = mkdtempSync(join(tmpdir(), 'runos-outage-'));
const user = unrestrictedUser('service');
let nats: RunningNats;
let port: number;
const running: RunningService[] = [];
const logger = createLogger({ service: 'spec', level: 'silent' });

const start = async (name: 'catalog' | 'gateway'): Promise<RunningService> => {
  const config = loadConfig(
    serviceConfig({}),
    toEnvironment({ natsUrl: `nats://127.0.0.1:${port}`, natsUser: user.user, natsPassword: user.password }),
  );
  const module = () => (name === 'catalog' ? Own : Empty);
  const service = await startService({ name, module, contracts: specContracts }, config, logger);
  running.push(service);
  return service;
};

const startServer = () => startNats({ dataDir, port, users: [user] });
const readyz = async ({ opsPort }: RunningService) => {
  const response = await fetch(`http://127.0.0.1:${opsPort}/readyz`);
  return { status: response.status, body: await response.json() };
};
/** Waits until `/readyz` has this status and returns its body. */
async function readyzBody(service: RunningService, status: number) {
  for (;;) {
    const { status: current, body } = await readyz(service);
    if (current === status) return body;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const connected = ({ bus }: RunningService) =>
  new Promise<void>((resolve) => {
    const unsubscribe = bus.onConnect(() => {
      unsubscribe();
      resolve();
    });
  });

beforeAll(async () => {
  port = 0;
  nats = await startServer();
  port = nats.port;
});
afterEach(() => Promise.all(running.splice(0).map(({ stop }) => stop())));
afterAll(async () => {
  await nats.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

describe('a service during an outage of NATS', () => {
  it('reports it, fails fast, and recovers', async () => {
    const [catalog, gateway] = [await start('catalog'), await start('gateway')];
    await gateway.bus.request(doIt, { how: 'x' });
    // Its consumer becomes ready after the gateway has created the stream.
    expect(await readyzBody(catalog, 200)).toEqual({ ok: true, missing: [] });
    await nats.stop();
    const started = performance.now();
    await expect(gateway.bus.request(doIt, { how: 'x' })).rejects.toMatchObject({ code: 'unavailable' });
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(await readyz(catalog)).toEqual({
      status: 503,
      body: { ok: false, missing: ['nats'], why: { nats: expect.stringMatching(/connect/) } },
    });
    const reconnected = Promise.all([connected(catalog), connected(gateway)]);
    nats = await startServer();
    await reconnected;
    await gateway.bus.request(doIt, { how: 'x' });
    const next = new Promise((resolve) => {
      onEvent = resolve;
    });
    await gateway.bus.publish(recorded, { n: 7 });
    expect(await next).toBe(7);
    expect((await readyz(catalog)).status).toBe(200);
  });

  it('starts without NATS and is ready when it is reachable', async () => {
    await nats.stop();
    let started = false;
    const starting = start('catalog').then((service) => {
      started = true;
      return service;
    });
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(started).toBe(false);
    nats = await startServer();
    expect((await readyz(await starting)).status).toBe(200);
  });
});

describe('services whose stream was deleted', () => {
  const stream = streamOf('gateway');

  async function deleteStream(): Promise<void> {
    const { user: name, password: pass } = user;
    const connection = await connect({ servers: `nats://127.0.0.1:${port}`, user: name, pass });
    await (await jetstreamManager(connection)).streams.delete(stream);
    await connection.close();
  }

  it('report stream and consumer as missing and create both again', async () => {
    const [owner, subscriber] = [await start('gateway'), await start('catalog')];
    await readyzBody(subscriber, 200);
    await deleteStream();
    expect(await readyzBody(subscriber, 503)).toEqual({
      ok: false,
      missing: ['jetstream'],
      why: { jetstream: expect.stringContaining(`consumer ${consumerOf('catalog', recorded)} of stream ${stream}: `) },
    });
    expect(await readyzBody(owner, 503)).toEqual({
      ok: false,
      missing: ['jetstream'],
      why: { jetstream: `stream ${stream}: stream not found` },
    });
    await readyzBody(owner, 200);
    await readyzBody(subscriber, 200);
    const next = new Promise((resolve) => {
      onEvent = resolve;
    });
    await owner.bus.publish(recorded, { n: 8 });
    expect(await next).toBe(8);
  });
});
