import { describe, expect, it } from '@jest/globals';
import { Registries, registryOf } from './registries.js';

it.each([
  ['docker.io/library/rabbitmq:4.0', 'registry-1.docker.io'],
  ['valkey/valkey:8.1', 'registry-1.docker.io'],
  ['rabbitmq', 'registry-1.docker.io'],
  ['ghcr.io/team/tool:1.2', 'ghcr.io'],
  ['registry.internal:5000/mirror/tool:1', 'registry.internal:5000'],
  ['localhost/tool:1', 'localhost'],
])('the registry of %s is %s', (reference, registry) => {
  expect(registryOf(reference)).toBe(registry);
});

describe('a registry', () => {
  const challenge = { 'www-authenticate': 'Bearer realm="https://auth.example.org/token"' };
  it.each([
    ['answers', () => Promise.resolve(new Response('{}')), true],
    ['requires a log-in', () => Promise.resolve(new Response('', { status: 401, headers: challenge })), true],
    ['is a proxy that requires a log-in itself', () => Promise.resolve(new Response('', { status: 401 })), false],
    ['is forbidden by a proxy', () => Promise.resolve(new Response('', { status: 403 })), false],
    ['cannot be reached', () => Promise.reject(new TypeError('fetch failed')), false],
  ])('that %s', async (_, get, reachable) => {
    const urls: string[] = [];
    const registries = new Registries((url) => {
      urls.push(url);
      return get();
    });
    const answers = await Promise.all([registries.isReachable('ghcr.io'), registries.isReachable('ghcr.io')]);
    expect(answers).toEqual([reachable, reachable]);
    expect(urls).toEqual(['https://ghcr.io/v2/']);
  });
});
