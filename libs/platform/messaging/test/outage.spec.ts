import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { Controller, Module } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { consumerOf, streamOf, streamsUser } from '@runos/contracts';
import { hourMs } from '@runos/kernel';
import { createLogger } from '@runos/observability';
import { waitUntil } from '@runos/testing-process';
import { type RunningNats, startNats, streamsAdministrator } from '@runos/testing-nats';
import { Respond, Subscribe } from '../src/service/handlers.js';
import { doIt, recorded, specContracts } from './test-contracts.js';
import { type RunningService, startService } from '../src/service/start-service.js';
import { StreamDeclarer } from '../src/streams/stream-declarer.js';
import { configOf, specUsers } from './harness.js';

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
const administrator = streamsAdministrator('administrator');
let nats: RunningNats;
let port: number;
let declarer: StreamDeclarer;
const running: RunningService[] = [];
const logger = createLogger({ service: 'spec', level: 'silent' });

const configFor = (name: Parameters<typeof configOf>[1]) => configOf(`nats://127.0.0.1:${port}`, name);
const start = async (name: 'catalog' | 'gateway'): Promise<RunningService> => {
  const module = () => (name === 'catalog' ? Own : Empty);
  const service = await startService({ name, module, contracts: specContracts }, configFor(name), logger);
  running.push(service);
  return service;
};

const startServer = () => startNats({ dataDir, port, users: [administrator, ...specUsers] });
const readyz = async ({ opsPort }: RunningService) => {
  const response = await fetch(`http://127.0.0.1:${opsPort}/readyz`);
  return { status: response.status, body: await response.json() };
};
/** Waits until `/readyz` has this status and returns its body. */
async function readyzBody(service: RunningService, status: number) {
  let last: Awaited<ReturnType<typeof readyz>> | undefined;
  const because = () => `readiness is not ${status}, but ${JSON.stringify(last)}`;
  const isReached = async () => (last = await readyz(service)).status === status;
  await waitUntil(isReached, { everyMs: 10, because });
  return last?.body;
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
  declarer = new StreamDeclarer({ config: configFor(streamsUser), logger, contracts: specContracts });
});
afterEach(() => Promise.all(running.splice(0).map(({ stop }) => stop())));
afterAll(async () => {
  await declarer.stop();
  await nats.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

describe('a service during an outage of NATS', () => {
  it('reports it, fails fast, and recovers', async () => {
    const [catalog, gateway] = [await start('catalog'), await start('gateway')];
    await gateway.bus.request(doIt, { how: 'x' });
    // Its consumer becomes ready when it has been created.
    expect(await readyzBody(catalog, 200)).toEqual({ ok: true, missing: [] });
    await nats.stop();
    const request = gateway.bus.request(doIt, { how: 'x' }, { deadlineMs: hourMs });
    await expect(request).rejects.toMatchObject({ code: 'unavailable' });
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
    await readyzBody(catalog, 200);
  });

  it('starts without NATS and is ready when it is reachable', async () => {
    await nats.stop();
    let started = false;
    const starting = start('catalog').then((service) => {
      started = true;
      return service;
    });
    try {
      await new Promise((resolve) => setTimeout(resolve, 700));
      expect(started).toBe(false);
    } finally {
      nats = await startServer(); // the service can be stopped only after its start
    }
    await readyzBody(await starting, 200);
  });
});

describe('services whose stream was deleted', () => {
  const stream = streamOf('gateway');

  async function deleteStream(): Promise<void> {
    const { user, password: pass } = administrator;
    const connection = await connect({ servers: `nats://127.0.0.1:${port}`, user, pass });
    await (await jetstreamManager(connection)).streams.delete(stream);
    await connection.close();
  }

  it('report stream and consumer as missing until both are created again', async () => {
    const [owner, subscriber] = [await start('gateway'), await start('catalog')];
    await readyzBody(subscriber, 200);
    await declarer.stop();
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
    declarer = new StreamDeclarer({ config: configFor(streamsUser), logger, contracts: specContracts });
    await readyzBody(owner, 200);
    await readyzBody(subscriber, 200);
    const next = new Promise((resolve) => {
      onEvent = resolve;
    });
    await owner.bus.publish(recorded, { n: 8 });
    expect(await next).toBe(8);
  });

  it('get both again while they and NATS run, and after NATS has lost its data', async () => {
    const [owner, subscriber] = [await start('gateway'), await start('catalog')];
    await readyzBody(subscriber, 200);
    const losses = [
      deleteStream,
      async () => {
        await nats.stop();
        rmSync(join(dataDir, 'jetstream'), { recursive: true });
        nats = await startServer();
      },
    ];
    for (const [n, lose] of losses.entries()) {
      await lose();
      await readyzBody(owner, 200);
      await readyzBody(subscriber, 200);
      const next = new Promise((resolve) => {
        onEvent = resolve;
      });
      await owner.bus.publish(recorded, { n });
      expect(await next).toBe(n);
    }
  });
});
