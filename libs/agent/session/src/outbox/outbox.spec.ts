import { describe, expect, it } from '@jest/globals';
import { BundleStatus } from '@runos/agent-protocol';
import { type Message, Outbox } from './outbox.js';

const message = (resource: string, body: string, final = false): Message => ({
  resource,
  report: BundleStatus,
  body,
  final,
});

describe('the outbox', () => {
  it('sends only the newest message of a resource', () => {
    const outbox = new Outbox();
    outbox.put(message('a', 'old'));
    outbox.put(message('a', 'new'));
    outbox.put(message('b', 'one'));
    expect(outbox.claim(10).map(({ body }) => body)).toEqual(['new', 'one']);
    expect(outbox.claim(10)).toEqual([]);
  });

  it('has one message per resource in flight, and the next one after the acknowledgement', () => {
    const outbox = new Outbox();
    outbox.put(message('a', 'first'));
    const [first] = outbox.claim(10) as [Message];
    outbox.put(message('a', 'second'));
    expect(outbox.claim(10)).toEqual([]);
    outbox.acknowledge(first);
    expect(outbox.claim(10).map(({ body }) => body)).toEqual(['second']);
  });

  it('repeats a message without acknowledgement, unless there is a newer one', () => {
    const outbox = new Outbox();
    outbox.put(message('a', 'first'));
    outbox.requeue(outbox.claim(1)[0] as Message);
    expect(outbox.claim(1).map(({ body }) => body)).toEqual(['first']);
    outbox.put(message('a', 'second'));
    outbox.requeue({ ...message('a', 'first') });
    expect(outbox.size).toBe(1);
  });

  it('drops messages after the final one, also while that is in flight', () => {
    const outbox = new Outbox();
    outbox.put(message('a', 'last', true));
    const [last] = outbox.claim(1) as [Message];
    outbox.put(message('a', 'late'));
    outbox.requeue(last);
    expect(outbox.claim(1)).toEqual([last]);
    outbox.acknowledge(last);
    expect(outbox.size).toBe(0);
  });

  it('claims no more messages than the limit', () => {
    const outbox = new Outbox();
    for (const resource of ['a', 'b', 'c']) outbox.put(message(resource, resource));
    expect(outbox.claim(2)).toHaveLength(2);
    expect(outbox.claim(2)).toHaveLength(1);
  });
});
