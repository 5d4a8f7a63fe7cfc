import { setTimeout as sleep } from 'node:timers/promises';
import { Controller } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connect, PermissionViolationError } from '@nats-io/transport-node';
import { faultOf } from '@runos/kernel';
import { createLogger } from '@runos/observability';
import { halfOpenProxy } from '@runos/testing-basics';
import { waitUntil } from '@runos/testing-process';
import { NatsConnector } from '../src/connection/nats-connector.js';
import { Bus } from '../src/requests/bus.js';
import { Respond } from '../src/service/handlers.js';
import type { CallContext } from '../src/requests/call-context.js';
import { doIt, greet } from './test-contracts.js';
import { type MessagingHarness, startHarness } from './harness.js';

const entered: { how: string; release: () => void }[] = [];
let onEnter: () => void = () => undefined;

@Controller()
class Slow {
  @Respond(doIt)
  async doIt({ how }: { how: string }) {
    if (how === 'blocked') {
      await new Promise<void>((release) => {
        entered.push({ how, release });
        closes.push(release);
        onEnter();
      });
    }
    return { done: 1 };
  }
}

@Controller()
class Fast {
  @Respond(greet)
  greet({ name }: { name: string }, { tenant, actor }: CallContext<'tenant'>) {
    return { text: name, tenant, actor: actor.name };
  }
}

/** Longer than a pause of a busy process. */
const deadlineMs = 60_000;
let calls = 0;

@Controller()
class Delayed {
  @Respond(greet)
  async greet({ name }: { name: string }, { tenant, actor }: CallContext<'tenant'>) {
    calls += 1;
    await new Promise((resolve) => setTimeout(resolve, 1_600));
    return { text: name, tenant, actor: actor.name };
  }
}

let harness: MessagingHarness;
/** Ends what a test has opened besides the harness. */
const closes: (() => unknown)[] = [];
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(async () => {
  await Promise.all(closes.splice(0).map((close) => close()));
  await harness.stop();
});

describe('a service that shuts down', () => {
  it('replies to running requests and receives no more', async () => {
    const service = await harness.start('catalog', Slow);
    const bus = harness.bus('gateway');
    const entering = new Promise<void>((resolve) => {
      onEnter = resolve;
    });
    const reply = bus.request(doIt, { how: 'blocked' });
    await entering;
    const stopping = service.stop();
    // The end of its subscription takes a moment to reach the NATS server.
    const request = () =>
      bus.request(doIt, { how: 'x' }, { deadlineMs: 400 }).then(
        () => 'done',
        (error: unknown) => faultOf(error)?.code,
      );
    let outcome = await request();
    for (let repeats = 0; outcome === 'done' && repeats < 20; repeats += 1) outcome = await request();
    expect(outcome).toBe('unavailable');
    entered[0]?.release();
    expect(await reply).toEqual({ done: 1 });
    await stopping;
  });
});

describe('an idempotent request', () => {
  it('runs once on a slow replica although it is repeated', async () => {
    await harness.start('catalog', Delayed);
    const bus = harness.bus('gateway');
    const send = () => bus.request(greet, { name: 'x' }, { tenant: 'abcde', deadlineMs });
    expect(await send()).toMatchObject({ text: 'x' });
    expect(calls).toBe(1);
    expect(await Promise.all([send(), send()])).toHaveLength(2);
    expect(calls).toBe(3);
  });

  it('runs once although the connection of the caller was lost, and the retry gets the reply', async () => {
    calls = 0;
    await harness.start('catalog', Delayed);
    const { natsUrl, ...config } = harness.config('gateway');
    const proxy = await halfOpenProxy(Number(new URL(natsUrl).port));
    closes.push(proxy.stop);
    const logger = createLogger({ service: 'spec', level: 'silent' });
    const behindProxy = { ...config, natsUrl: `nats://127.0.0.1:${proxy.port}` };
    const connector = new NatsConnector({ service: 'gateway', config: behindProxy, logger });
    closes.push(() => connector.stop());
    const connection = await connector.connection();
    await connection.flush();
    await sleep(600); // the pause between connections has passed, so it reconnects immediately
    const reply = new Bus('gateway', connector).request(greet, { name: 'x' }, { tenant: 'abcde', deadlineMs });
    await waitUntil(() => calls > 0, { because: () => 'the request has not arrived' });
    proxy.cut();
    expect(await reply).toMatchObject({ text: 'x' });
    expect(calls).toBe(1);
  });

  it('gets a reply before its deadline although one of two replicas is stuck', async () => {
    const { natsUrl, natsUser, natsPassword } = harness.config('catalog');
    const stuck = await connect({
      servers: natsUrl,
      user: natsUser,
      pass: natsPassword,
      inboxPrefix: '_INBOX.catalog',
    });
    closes.push(() => stuck.close());
    let ignored = 0;
    stuck.subscribe(greet.subject, {
      queue: greet.owner,
      callback: () => {
        ignored += 1;
      },
    });
    await harness.start('catalog', Fast);
    const bus = harness.bus('gateway');
    // Each of more than 80 attempts per request reaches the stuck replica with probability 1/2.
    const options = { tenant: 'abcde', deadlineMs };
    const results = await Promise.allSettled(
      Array.from({ length: 200 }, () => bus.request(greet, { name: 'x' }, options)),
    );
    expect(results.filter(({ status }) => status === 'rejected')).toEqual([]);
    expect(ignored).toBeGreaterThan(50);
  });
});

describe('the NATS users', () => {
  it('have the permissions of their contracts only', async () => {
    const { natsUrl, natsUser, natsPassword } = harness.config('jobs');
    const jobs = await connect({ servers: natsUrl, user: natsUser, pass: natsPassword, inboxPrefix: '_INBOX.jobs' });
    closes.push(() => jobs.close());
    const violation = jobs.request('catalog.v1.do-it', '{}', { timeout: 2_000 }).catch((error: Error) => error.cause);
    expect(await violation).toBeInstanceOf(PermissionViolationError);
    for (const subject of ['catalog.v1.do-it', '_INBOX.gateway.>', '>', '$JS.API.>']) {
      const error = new Promise((resolve) => {
        jobs.subscribe(subject, { callback: (violation) => resolve(violation) });
      });
      expect(await error).toBeInstanceOf(PermissionViolationError);
    }
  });
});
