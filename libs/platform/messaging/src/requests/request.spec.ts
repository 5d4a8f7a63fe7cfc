import { Controller } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Fault } from '@runos/kernel';
import { Respond } from '../service/handlers.js';
import type { Bus } from './bus.js';
import { type CallContext, currentCall } from './call-context.js';
import { doIt, greet, unanswered } from '../../test/test-contracts.js';
import type { NatsConnector } from '../connection/nats-connector.js';
import { type MessagingHarness, specPlane } from '../../test/harness.js';
import { faultFrom, header, toNats } from '../connection/wire.js';

type Greeting = { name: string; times: number };

const held: (() => void)[] = [];

/** Which call a handler's background work believed to run for. */
const seen: (CallContext | undefined)[] = [];

@Controller()
class Greeter {
  @Respond(greet)
  greet({ name, times }: Greeting, { tenant, actor }: CallContext<'tenant'>) {
    if (name === 'nobody') throw new Fault('service.not_found', 'Nobody is here.', { reason: 'Empty' });
    if (name === 'bug') throw new TypeError('secret internals');
    if (name === 'liar') return { text: 1 } as never;
    return { text: `hello ${name}`.repeat(times), tenant, actor: actor.name };
  }

  @Respond(doIt)
  async doIt({ how }: { how: string }) {
    if (how === 'later') void new Promise<void>((resolve) => held.push(resolve)).then(() => seen.push(currentCall()));
    if (how === 'late') await new Promise<void>((resolve) => held.push(resolve));
    return { done: 1 };
  }
}

let plane: MessagingHarness;
let bus: Bus;
let link: NatsConnector;
beforeAll(async () => {
  plane = await specPlane();
  link = plane.link('gateway');
  await plane.start('catalog', Greeter);
  bus = plane.bus('gateway');
});
afterAll(() => {
  held.forEach((release) => release());
  return plane.stop();
});

const faultOf = async (sentAt: Promise<unknown>): Promise<Fault> => {
  const error = await sentAt.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof Fault) return error;
  throw new Error(`expected a fault, got ${String(error)}`);
};

describe('Bus.request', () => {
  it('brings tenant, actor and the input with its defaults to the handler, and the answer back', async () => {
    const actor = { kind: 'user', id: 'u1', name: 'zoë@example.org' } as const;
    const answer = await bus.request(greet, { name: 'wörld' }, { tenant: 'abcde', actor });
    expect(answer).toEqual({ text: 'hello wörld', tenant: 'abcde', actor: 'zoë@example.org' });
  });

  it('is over when it is answered, also for what the handler left running', async () => {
    await bus.request(doIt, { how: 'later' });
    held.splice(0).forEach((release) => release());
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toEqual([undefined]);
  });

  it('passes a fault on as it was thrown', async () => {
    const fault = await faultOf(bus.request(greet, { name: 'nobody' }, { tenant: 'abcde' }));
    expect(fault.toBody()).toEqual({
      code: 'service.not_found',
      message: 'Nobody is here.',
      details: { reason: 'Empty' },
    });
  });

  it('refuses a wrong input with every issue', async () => {
    const fault = await faultOf(bus.request(greet, { name: '', times: 0.5 }, { tenant: 'abcde' }));
    expect(fault.code).toBe('request.invalid');
    expect(fault.details.issues?.map(({ path }) => path)).toEqual(['name', 'times']);
  });

  it.each([
    ['no JSON', '{"name":', { [header.tenant]: 'abcde' }],
    ['no UTF-8', Uint8Array.from([0x22, 0xc3, 0x28, 0x22]), { [header.tenant]: 'abcde' }],
    ['JSON a hundred thousand deep', '['.repeat(100_000), { [header.tenant]: 'abcde' }],
    ['no tenant', '{"name":"x"}', {}],
    ['an actor that is none', '{"name":"x"}', { [header.tenant]: 'abcde', [header.actor]: '{"kind":"ghost"}' }],
    ['an actor that is no JSON', '{"name":"x"}', { [header.tenant]: 'abcde', [header.actor]: '{' }],
  ])('answers %s as an invalid request, not as a failure', async (_, data, headers) => {
    const connection = await link.connection();
    const { data: answer } = await connection.request(greet.subject, data, {
      timeout: 2_000,
      headers: toNats(headers),
    });
    expect(faultFrom(answer).code).toBe('request.invalid');
  });

  it('says nothing of a bug but where to look it up', async () => {
    const fault = await faultOf(bus.request(greet, { name: 'bug' }, { tenant: 'abcde' }));
    expect(fault.code).toBe('internal');
    expect(JSON.stringify(fault.toBody())).not.toContain('secret');
    expect(plane.lines.some((line) => JSON.stringify(line).includes('secret internals'))).toBe(true);
  });

  it('notices in tests that an answer is not as promised', async () => {
    expect((await faultOf(bus.request(greet, { name: 'liar' }, { tenant: 'abcde' }))).code).toBe('internal');
  });

  it('is unavailable at its deadline, with a time to try again', async () => {
    const fault = await faultOf(bus.request(doIt, { how: 'late' }, { deadlineMs: 150 }));
    expect(fault.code).toBe('unavailable');
    expect(fault.details.retryAfterSeconds).toBe(2);
  });

  it('is unavailable, and soon, when nobody answers', async () => {
    const started = performance.now();
    expect((await faultOf(bus.request(unanswered, { how: 'x' }))).code).toBe('unavailable');
    expect(performance.now() - started).toBeLessThan(450);
  });

  it('refuses what is larger than a message may be', async () => {
    const name = 'x'.repeat(5 * 1024 * 1024);
    expect((await faultOf(bus.request(greet, { name }, { tenant: 'abcde' }))).code).toBe('request.too_large');
  });

  it('rejects requests of services that are not callers of the contract', async () => {
    await expect(plane.bus('jobs').request(greet, { name: 'x' }, { tenant: 'abcde' })).rejects.toThrow(
      'may not request',
    );
  });

  it('needs a tenant, and the right input, to compile', () => {
    const wrong = () => [
      // @ts-expect-error a tenant-scoped request without a tenant
      bus.request(greet, { name: 'x' }),
      // @ts-expect-error times is a number
      bus.request(greet, { name: 'x', times: '2' }, { tenant: 'abcde' }),
    ];
    expect(wrong).toBeDefined();
  });
});
