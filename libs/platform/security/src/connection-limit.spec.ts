import { describe, expect, it } from '@jest/globals';
import { ConnectionLimit } from './connection-limit.js';

describe('a limit of connections per client network', () => {
  it('refuses more of one network, and accepts them after others have closed', () => {
    const reached: string[] = [];
    const limit = new ConnectionLimit({ max: 2, onReached: (network) => reached.push(network) });
    const first = limit.add('192.0.2.1');
    const second = limit.add('::ffff:192.0.2.1');
    expect([limit.add('192.0.2.1'), limit.add('192.0.2.1')]).toEqual([undefined, undefined]);
    expect(reached).toEqual(['192.0.2.1']);
    expect(limit.add('192.0.2.2')).toBeDefined();
    first?.();
    first?.();
    expect(limit.add('192.0.2.1')).toBeDefined();
    expect(limit.add('192.0.2.1')).toBeUndefined();
    second?.();
    expect(reached).toHaveLength(1);
  });

  it('counts a /64 of IPv6 as one client, and is off at 0', () => {
    const limit = new ConnectionLimit({ max: 1, onReached: () => undefined });
    expect(limit.add('2001:db8:0:1::1')).toBeDefined();
    expect(limit.add('2001:db8:0:1::2')).toBeUndefined();
    expect(limit.add('2001:db8:0:2::1')).toBeDefined();
    const off = new ConnectionLimit({ max: 0, onReached: () => undefined });
    for (let n = 0; n < 100; n += 1) expect(off.add('192.0.2.1')).toBeDefined();
  });
});
