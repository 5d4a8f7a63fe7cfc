import { describe, expect, it } from '@jest/globals';
import { withoutSecrets } from './without-secrets.js';

const metadata = { name: 'one' };
const secret = { apiVersion: 'v1', kind: 'Secret', metadata, data: { password: 'aHVudGVyMg==', short: 'YQ==' } };
const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { word: 'denied' } };

describe('the words of the API server about a bundle', () => {
  it('lose the values of its Secrets, plain and encoded', () => {
    const words = 'webhook "w" denied: password hunter2 (aHVudGVyMg==) is weak';
    expect(withoutSecrets(words, [map, secret])).toBe('webhook "w" denied: password (hidden) ((hidden)) is weak');
  });

  it('are cut to the length that the protocol has', () => {
    expect(withoutSecrets('x'.repeat(9_000), [])).toHaveLength(4_096);
  });
});
