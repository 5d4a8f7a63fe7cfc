import { describe, expect, it } from '@jest/globals';
import { isCallable } from './called-addresses.js';

/** Loopback, link-local, unspecified and metadata addresses, also behind prefixes of IPv6. */
const notCalled = [
  '127.0.0.1',
  '127.255.0.3',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '64:ff9b::127.0.0.1',
  '::127.0.0.1',
  '169.254.169.254',
  '::ffff:169.254.169.254',
  '64:ff9b::a9fe:a9fe',
  'fe80::1',
  'febf::1',
  'fd00:ec2::254',
  '0.0.0.0',
  '0.1.2.3',
  '::',
  '224.0.0.1',
  '255.255.255.255',
  'ff02::1',
  '100.100.100.200',
  '168.63.129.16',
  '2002:7f00:1::',
  '2001:0:1::',
];

describe('an address of a registry', () => {
  it.each(['140.82.121.34', '10.0.0.7', '192.168.1.20', '2606:50c0:8000::154', 'fd12::7', '64:ff9b::140.82.121.34'])(
    'is called: %s',
    (address) => expect(isCallable(address)).toBe(true),
  );

  it.each(notCalled)('is not called: %s', (address) => expect(isCallable(address)).toBe(false));

  it('of the loopback is called in tests, and no other one', () => {
    expect(['127.0.0.1', '::1', '169.254.169.254', '0.0.0.0'].map((each) => isCallable(each, true))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});
