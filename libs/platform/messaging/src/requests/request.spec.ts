import { Controller } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Fault, hourMs } from '@runos/kernel';
import { Respond } from '../service/handlers.js';
import type { Bus } from './bus.js';
import { type CallContext, currentCall } from './call-context.js';
import { doIt, greet, unanswered } from '../../test/test-contracts.js';
import type { NatsConnector } from '../connection/nats-connector.js';
import { type MessagingHarness, startHarness } from '../../test/harness.js';
import { faultFrom, header, toNats } from '../connection/wire.js';

type Greeting = { name: string; times: number };

const pending: (() => void)[] = [];

/** The current call of background work, per execution. */
const backgroundCalls: (CallContext | undefined)[] = [];

@Controller()
class Greeter {
  @Respond(greet)
  greet({ name, times }: Greeting, { tenant, actor }: CallContext<'tenant'>) {
    if (name === 'missing') throw new Fault('service.not_found', 'No such person.', { reason: 'Empty' });
    if (name === 'bug') throw new TypeError('secret internals');
    if (name === 'invalid reply') return { text: 1 } as never;
    return { text: `hello ${name}`.repeat(times), tenant, actor: actor.name };
  }

  @Respond(doIt)
  async doIt({ how }: { how: string }) {
    if (how === 'background')
      void new Promise<void>((resolve) => pending.push(resolve)).then(() => backgroundCalls.push(currentCall()));
    if (how === 'slow') await new Promise<void>((resolve) => pending.push(resolve));
    return { done: 1 };
  }
}

let harness: MessagingHarness;
let bus: Bus;
let connector: NatsConnector;
beforeAll(async () => {
  harness = await startHarness();
  connector = harness.connector('gateway');
  await harness.start('catalog', Greeter);
  bus = harness.bus('gateway');
});
afterAll(() => {
  pending.forEach((release) => release());
  return harness.stop();
});

const faultOf = async (request: Promise<unknown>): Promise<Fault> => {
  const error = await request.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof Fault) return error;
  throw new Error(`expected a fault, got ${String(error)}`);
};

describe('Bus.request', () => {
  it('passes tenant, actor and the input with its defaults to the handler and returns the reply', async () => {
    const actor = { kind: 'user', id: 'u1', name: 'zoë@example.org' } as const;
    const reply = await bus.request(greet, { name: 'wörld' }, { tenant: 'abcde', actor });
    expect(reply).toEqual({ text: 'hello wörld', tenant: 'abcde', actor: 'zoë@example.org' });
  });

  it('ends the call with the reply, also for background work of the handler', async () => {
    await bus.request(doIt, { how: 'background' });
    pending.splice(0).forEach((release) => release());
    await new Promise((resolve) => setImmediate(resolve));
    expect(backgroundCalls).toEqual([undefined]);
  });

  it('passes a thrown fault to the caller', async () => {
    const fault = await faultOf(bus.request(greet, { name: 'missing' }, { tenant: 'abcde' }));
    expect(fault.toBody()).toEqual({
      code: 'service.not_found',
      message: 'No such person.',
      details: { reason: 'Empty' },
    });
  });

  it('rejects invalid input with every issue', async () => {
    const fault = await faultOf(bus.request(greet, { name: '', times: 0.5 }, { tenant: 'abcde' }));
    expect(fault.code).toBe('request.invalid');
    expect(fault.details.issues?.map(({ path }) => path)).toEqual(['name', 'times']);
  });

  it.each([
    ['a body that is not JSON', '{"name":', { [header.tenant]: 'abcde' }],
    ['a body that is not UTF-8', Uint8Array.from([0x22, 0xc3, 0x28, 0x22]), { [header.tenant]: 'abcde' }],
    ['JSON with 100,000 levels', '['.repeat(100_000), { [header.tenant]: 'abcde' }],
    ['a missing tenant', '{"name":"x"}', {}],
    ['an invalid actor', '{"name":"x"}', { [header.tenant]: 'abcde', [header.actor]: '{"kind":"ghost"}' }],
    ['an actor that is not JSON', '{"name":"x"}', { [header.tenant]: 'abcde', [header.actor]: '{' }],
  ])('rejects %s as an invalid request', async (_, data, headers) => {
    const connection = await connector.connection();
    const { data: reply } = await connection.request(greet.subject, data, {
      timeout: 2_000,
      headers: toNats(headers),
    });
    expect(faultFrom(reply).code).toBe('request.invalid');
  });

  it('returns only the trace id of an unexpected error', async () => {
    const fault = await faultOf(bus.request(greet, { name: 'bug' }, { tenant: 'abcde' }));
    expect(fault.code).toBe('internal');
    expect(JSON.stringify(fault.toBody())).not.toContain('secret');
    expect(harness.logLines.some((line) => JSON.stringify(line).includes('secret internals'))).toBe(true);
  });

  it('logs the failure of a tenant while another one has used its budget of lines', async () => {
    const fails = (tenant: string) => faultOf(bus.request(greet, { name: 'bug' }, { tenant }));
    for (let n = 0; n < 10; n += 1) await Promise.all(Array.from({ length: 70 }, () => fails('noisy')));
    await fails('quiet');
    const linesOf = (tenant: string) => harness.logLines.filter((line) => line['tenant'] === tenant);
    expect(linesOf('noisy')).toHaveLength(600);
    expect(linesOf('quiet')).toEqual([expect.objectContaining({ subject: greet.subject, level: 'error' })]);
  });

  it('validates replies in tests', async () => {
    expect((await faultOf(bus.request(greet, { name: 'invalid reply' }, { tenant: 'abcde' }))).code).toBe('internal');
  });

  it('is unavailable at its deadline, with a time to retry', async () => {
    const fault = await faultOf(bus.request(doIt, { how: 'slow' }, { deadlineMs: 150 }));
    expect(fault.code).toBe('unavailable');
    expect(fault.details.retryAfterSeconds).toBe(2);
  });

  it('is unavailable before its deadline without responders', async () => {
    const fault = await faultOf(bus.request(unanswered, { how: 'x' }, { deadlineMs: hourMs }));
    expect(fault.code).toBe('unavailable');
  });

  it('rejects a message above the size limit', async () => {
    const name = 'x'.repeat(5 * 1024 * 1024);
    expect((await faultOf(bus.request(greet, { name }, { tenant: 'abcde' }))).code).toBe('request.too_large');
  });

  it('rejects requests of services that are not callers of the contract', async () => {
    await expect(harness.bus('jobs').request(greet, { name: 'x' }, { tenant: 'abcde' })).rejects.toThrow(
      'may not request',
    );
  });

  it('compiles only with a tenant and valid input', () => {
    const wrong = () => [
      // @ts-expect-error a tenant-scoped request without a tenant
      bus.request(greet, { name: 'x' }),
      // @ts-expect-error times is a number
      bus.request(greet, { name: 'x', times: '2' }, { tenant: 'abcde' }),
    ];
    expect(wrong).toBeDefined();
  });
});
