import { describe, expect, it } from '@jest/globals';
import { BundleStatus } from '@runos/agent-protocol';
import { type Message, Outbox } from './outbox.js';

const word = (about: string, body: string, final = false): Message => ({ about, report: BundleStatus, body, final });

describe('the outbox', () => {
  it('sends only the newest word about a resource', () => {
    const outbox = new Outbox();
    outbox.put(word('a', 'old'));
    outbox.put(word('a', 'new'));
    outbox.put(word('b', 'one'));
    expect(outbox.take(10).map(({ body }) => body)).toEqual(['new', 'one']);
    expect(outbox.take(10)).toEqual([]);
  });

  it('has one word per resource in flight, the next one after it is confirmed', () => {
    const outbox = new Outbox();
    outbox.put(word('a', 'first'));
    const [first] = outbox.take(10) as [Message];
    outbox.put(word('a', 'second'));
    expect(outbox.take(10)).toEqual([]);
    outbox.confirm(first);
    expect(outbox.take(10).map(({ body }) => body)).toEqual(['second']);
  });

  it('repeats what failed, unless something newer is to be said', () => {
    const outbox = new Outbox();
    outbox.put(word('a', 'first'));
    outbox.failed(outbox.take(1)[0] as Message);
    expect(outbox.take(1).map(({ body }) => body)).toEqual(['first']);
    outbox.put(word('a', 'second'));
    outbox.failed({ ...word('a', 'first') });
    expect(outbox.size).toBe(1);
  });

  it('lets nothing follow the last word, not even while it is in flight', () => {
    const outbox = new Outbox();
    outbox.put(word('a', 'gone', true));
    const [gone] = outbox.take(1) as [Message];
    outbox.put(word('a', 'late'));
    outbox.failed(gone);
    expect(outbox.take(1)).toEqual([gone]);
    outbox.confirm(gone);
    expect(outbox.size).toBe(0);
  });

  it('takes no more than asked for', () => {
    const outbox = new Outbox();
    for (const about of ['a', 'b', 'c']) outbox.put(word(about, about));
    expect(outbox.take(2)).toHaveLength(2);
    expect(outbox.take(2)).toHaveLength(1);
  });
});
