import { Controller } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connect, PermissionViolationError } from '@nats-io/transport-node';
import { Respond } from '../src/service/handlers.js';
import type { CallContext } from '../src/requests/call-context.js';
import { doIt, greet } from './test-contracts.js';
import { type MessagingHarness, specPlane } from './harness.js';

const entered: { how: string; release: () => void }[] = [];
let onEnter: () => void = () => undefined;

@Controller()
class Slow {
  @Respond(doIt)
  async doIt({ how }: { how: string }) {
    if (how === 'held') {
      await new Promise<void>((release) => {
        entered.push({ how, release });
        onEnter();
      });
    }
    return { done: 1 };
  }
}

@Controller()
class Prompt {
  @Respond(greet)
  greet({ name }: { name: string }, { tenant, actor }: CallContext<'tenant'>) {
    return { text: name, tenant, actor: actor.name };
  }
}

let calls = 0;

@Controller()
class InNoHurry {
  @Respond(greet)
  async greet({ name }: { name: string }, { tenant, actor }: CallContext<'tenant'>) {
    calls += 1;
    await new Promise((resolve) => setTimeout(resolve, 1_600));
    return { text: name, tenant, actor: actor.name };
  }
}

let plane: MessagingHarness;
beforeEach(async () => {
  plane = await specPlane();
});
afterEach(() => plane.stop());

describe('a service that stops', () => {
  it('answers what it has begun and takes nothing more', async () => {
    const service = await plane.start('catalog', Slow);
    const bus = plane.bus('gateway');
    const began = new Promise<void>((resolve) => {
      onEnter = resolve;
    });
    const held = bus.request(doIt, { how: 'held' });
    await began;
    const stopping = service.stop();
    await expect(bus.request(doIt, { how: 'x' }, { deadlineMs: 400 })).rejects.toMatchObject({ code: 'unavailable' });
    entered[0]?.release();
    expect(await held).toEqual({ done: 1 });
    await stopping;
  });
});

describe('an idempotent request', () => {
  it('is done once by a replica that takes its time, however often it is sent meanwhile', async () => {
    await plane.start('catalog', InNoHurry);
    const bus = plane.bus('gateway');
    const send = () => bus.request(greet, { name: 'x' }, { tenant: 'abcde', deadlineMs: 4_000 });
    expect(await send()).toMatchObject({ text: 'x' });
    expect(calls).toBe(1);
    expect(await Promise.all([send(), send()])).toHaveLength(2);
    expect(calls).toBe(3);
  });

  it('is answered in time though one of two replicas is stuck', async () => {
    const { natsUrl, natsUser, natsPassword } = plane.config('catalog');
    const stuck = await connect({
      servers: natsUrl,
      user: natsUser,
      pass: natsPassword,
      inboxPrefix: '_INBOX.catalog',
    });
    let swallowed = 0;
    stuck.subscribe(greet.subject, {
      queue: greet.owner,
      callback: () => {
        swallowed += 1;
      },
    });
    await plane.start('catalog', Prompt);
    const bus = plane.bus('gateway');
    // About 20 tries, each as likely to reach the stuck one: 200 requests all get through but once in 5,000 runs.
    const waiting = { tenant: 'abcde', deadlineMs: 14_000 };
    const requested = await Promise.allSettled(
      Array.from({ length: 200 }, () => bus.request(greet, { name: 'x' }, waiting)),
    );
    expect(requested.filter(({ status }) => status === 'rejected')).toEqual([]);
    expect(swallowed).toBeGreaterThan(50);
    await stuck.close();
  }, 20_000);
});

describe('the users of NATS', () => {
  it('can do what the contracts say and nothing else', async () => {
    const { natsUrl, natsUser, natsPassword } = plane.config('jobs');
    const jobs = await connect({ servers: natsUrl, user: natsUser, pass: natsPassword, inboxPrefix: '_INBOX.jobs' });
    const refusal = jobs.request('catalog.v1.do-it', '{}', { timeout: 2_000 }).catch((error: Error) => error.cause);
    expect(await refusal).toBeInstanceOf(PermissionViolationError);
    for (const subject of ['catalog.v1.do-it', '_INBOX.gateway.>', '>', '$JS.API.>']) {
      const refused = new Promise((resolve) => {
        jobs.subscribe(subject, { callback: (error) => resolve(error) });
      });
      expect(await refused).toBeInstanceOf(PermissionViolationError);
    }
    await jobs.close();
  });
});
