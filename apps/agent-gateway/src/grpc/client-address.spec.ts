import { describe, expect, it } from '@jest/globals';
import { addressOf, limitKeyOf } from './client-address.js';

describe('the key of a limit', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002:ffff::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8::1:2:3:4:5', '2001:db8:0:1::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['64:ff9b::203.0.113.7', '64:ff9b:0:0::/64'],
    ['unknown', 'unknown'],
  ])('of %s is %s', (address, key) => {
    expect(limitKeyOf(address)).toBe(key);
  });

  it('does not contain the port', () => {
    expect(addressOf('203.0.113.7:4711')).toBe('203.0.113.7');
    expect(addressOf('2001:db8:0:0:0:0:0:7:4711')).toBe('2001:db8:0:0:0:0:0:7');
  });
});
