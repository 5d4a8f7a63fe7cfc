import { Controller } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connect, PermissionViolationError } from '@nats-io/transport-node';
import { Answers } from './answers.js';
import type { CallContext } from './call-context.js';
import { doIt, greet } from './spec-contracts.js';
import { type SpecPlane, specPlane } from './spec-plane.js';

const entered: { how: string; release: () => void }[] = [];
let onEnter: () => void = () => undefined;

@Controller()
class Slow {
  @Answers(doIt)
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

let calls = 0;

@Controller()
class StuckOnce {
  @Answers(greet)
  async greet({ name }: { name: string }, { tenant, actor }: CallContext<'tenant'>) {
    calls += 1;
    if (calls === 1) await new Promise((resolve) => setTimeout(resolve, 1_900));
    return { text: name, tenant, actor: actor.name };
  }
}

let plane: SpecPlane;
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
    const held = bus.ask(doIt, { how: 'held' });
    await began;
    const stopping = service.stop();
    await expect(bus.ask(doIt, { how: 'x' }, { deadlineMs: 400 })).rejects.toMatchObject({ code: 'unavailable' });
    entered[0].release();
    expect(await held).toEqual({ done: 1 });
    await stopping;
  });
});

describe('an idempotent request', () => {
  it('is asked again in time when the first replica is stuck', async () => {
    await plane.start('catalog', StuckOnce);
    const answer = await plane.bus('gateway').ask(greet, { name: 'x' }, { tenant: 'abcde' });
    expect(answer.text).toBe('x');
    expect(calls).toBe(2);
  });
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
