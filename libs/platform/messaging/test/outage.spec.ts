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
import { allPowerful, type RunningNats, startNats } from '@runos/testing-nats';
import { Respond, Subscribe } from '../src/service/handlers.js';
import { doIt, recorded, specContracts } from './test-contracts.js';
import { type RunningService, startService } from '../src/service/start-service.js';

let received: (n: number) => void = () => undefined;

@Controller()
class Worker {
  @Respond(doIt)
  doIt() {
    return { done: 1 };
  }

  @Subscribe(recorded)
  recorded({ n }: { n: number }) {
    received(n);
  }
}

@Module({ controllers: [Worker] })
class Own {}

@Module({})
class Nothing {}

const dataDir = mkdtempSync(join(tmpdir(), 'runos-outage-'));
const user = allPowerful('anyone');
let nats: RunningNats;
let port: number;
const running: RunningService[] = [];
const logger = createLogger({ service: 'spec', level: 'silent' });

const begin = async (name: 'catalog' | 'gateway'): Promise<RunningService> => {
  const config = loadConfig(
    serviceConfig({}),
    toEnvironment({ natsUrl: `nats://127.0.0.1:${port}`, natsUser: user.user, natsPassword: user.password }),
  );
  const module = () => (name === 'catalog' ? Own : Nothing);
  const service = await startService({ name, module, contracts: specContracts }, config, logger);
  running.push(service);
  return service;
};

const startServer = () => startNats({ dataDir, port, users: [user] });
const readyz = async ({ opsPort }: RunningService) => {
  const response = await fetch(`http://127.0.0.1:${opsPort}/readyz`);
  return { status: response.status, body: await response.json() };
};
/** What `/readyz` says once it has that status. */
async function once(service: RunningService, status: number) {
  for (;;) {
    const published = await readyz(service);
    if (published.status === status) return published.body;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const connected = ({ bus }: RunningService) =>
  new Promise<void>((resolve) => {
    const forget = bus.onConnect(() => {
      forget();
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

describe('a service whose NATS goes away', () => {
  it('lives on, says what is missing, fails fast, and goes on when it is back', async () => {
    const [catalog, gateway] = [await begin('catalog'), await begin('gateway')];
    await gateway.bus.request(doIt, { how: 'x' });
    // It hears an event whose stream the gateway has only just made.
    expect(await once(catalog, 200)).toEqual({ ok: true, missing: [] });
    await nats.stop();
    const started = performance.now();
    await expect(gateway.bus.request(doIt, { how: 'x' })).rejects.toMatchObject({ code: 'unavailable' });
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(await readyz(catalog)).toEqual({
      status: 503,
      body: { ok: false, missing: ['nats'], why: { nats: expect.stringMatching(/connect/) } },
    });
    const back = Promise.all([connected(catalog), connected(gateway)]);
    nats = await startServer();
    await back;
    await gateway.bus.request(doIt, { how: 'x' });
    const next = new Promise((resolve) => {
      received = resolve;
    });
    await gateway.bus.publish(recorded, { n: 7 });
    expect(await next).toBe(7);
    expect((await readyz(catalog)).status).toBe(200);
  });

  it('starts without it, and is ready once it is there', async () => {
    await nats.stop();
    let up = false;
    const starting = begin('catalog').then((service) => {
      up = true;
      return service;
    });
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(up).toBe(false);
    nats = await startServer();
    expect((await readyz(await starting)).status).toBe(200);
  });
});

describe('a service whose stored events are deleted', () => {
  const stream = streamOf('gateway');

  async function deleteStream(): Promise<void> {
    const { user: name, password: pass } = user;
    const connection = await connect({ servers: `nats://127.0.0.1:${port}`, user: name, pass });
    await (await jetstreamManager(connection)).streams.delete(stream);
    await connection.close();
  }

  it('names its stream, and who listens names its consumer; both are made anew', async () => {
    const [owner, listener] = [await begin('gateway'), await begin('catalog')];
    await once(listener, 200);
    await deleteStream();
    expect(await once(listener, 503)).toEqual({
      ok: false,
      missing: ['jetstream'],
      why: { jetstream: expect.stringContaining(`consumer ${consumerOf('catalog', recorded)} of stream ${stream}: `) },
    });
    expect(await once(owner, 503)).toEqual({
      ok: false,
      missing: ['jetstream'],
      why: { jetstream: `stream ${stream}: stream not found` },
    });
    await once(owner, 200);
    await once(listener, 200);
    const next = new Promise((resolve) => {
      received = resolve;
    });
    await owner.bus.publish(recorded, { n: 8 });
    expect(await next).toBe(8);
  });
});
