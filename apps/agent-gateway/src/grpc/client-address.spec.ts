import { expect, it } from '@jest/globals';
import { addressOf } from './client-address.js';

it('an address does not contain the port', () => {
  expect(addressOf('203.0.113.7:4711')).toBe('203.0.113.7');
  expect(addressOf('2001:db8:0:0:0:0:0:7:4711')).toBe('2001:db8:0:0:0:0:0:7');
});
