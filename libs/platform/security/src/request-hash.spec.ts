import { describe, expect, it } from '@jest/globals';
import { requestHash } from './request-hash.js';

describe('requestHash', () => {
  it('is the same however the same body is written, and differs otherwise', () => {
    const one = requestHash('service.create', { name: 'a', nested: { x: 1, y: [1, 2] } });
    expect(requestHash('service.create', { nested: { y: [1, 2], x: 1.0 }, name: 'a' })).toBe(one);
    const others = [
      requestHash('service.update', { name: 'a', nested: { x: 1, y: [1, 2] } }),
      requestHash('service.create', { name: 'a', nested: { x: 1, y: [2, 1] } }),
      requestHash('service.create', { name: 'a', nested: { x: '1', y: [1, 2] } }),
      requestHash('service.create', {}),
      requestHash('service.create', undefined),
    ];
    expect(new Set([one, ...others]).size).toBe(6);
  });
});
