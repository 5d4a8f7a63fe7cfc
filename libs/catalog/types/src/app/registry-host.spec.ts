import { describe, expect, it } from '@jest/globals';
import { canonicalRegistry, RegistryHost, registryOf } from './registry-host.js';

describe('a registry', () => {
  it.each(['ghcr.io', 'docker.io', 'registry.example.com:5000', 'localhost:5000', 'localhost', '10.0.0.7', 'GHCR.io'])(
    'is named by %s',
    (host) => expect(RegistryHost.safeParse(host).success).toBe(true),
  );

  it.each([
    '',
    'ghcr',
    'https://ghcr.io',
    'ghcr.io/acme',
    'ghcr.io:65536',
    'user@ghcr.io',
    '*.io',
    '[::1]:5000',
    'ghcr.io:',
    'a b.io',
    'ghcr.io\n',
    '-a.io',
    'a-.io',
    'a..io',
    'ghcr.io.',
    'ghcr.io:0',
    'ghcr.io:0443',
    `${'x'.repeat(64)}.io`,
    `${'x.'.repeat(126)}io`,
  ])('is not named by %j', (host) => expect(RegistryHost.safeParse(host).success).toBe(false));

  it.each([
    ['GHCR.io', 'ghcr.io'],
    ['ghcr.io:443', 'ghcr.io'],
    ['registry.example.com:5000', 'registry.example.com:5000'],
    ['index.docker.io', 'docker.io'],
    ['registry-1.docker.io:443', 'docker.io'],
  ])('%s has the one spelling %s', (host, registry) => expect(canonicalRegistry(host)).toBe(registry));

  it.each([
    ['nginx:1.27', { registry: 'docker.io' }],
    ['acme/shop:1', { registry: 'docker.io' }],
    ['docker.io/acme/shop:1', { registry: 'docker.io', written: 'docker.io' }],
    ['GHCR.io/acme/shop:1', { registry: 'ghcr.io', written: 'GHCR.io' }],
    ['localhost:5000/shop:1', { registry: 'localhost:5000', written: 'localhost:5000' }],
    [`ghcr.io/acme/shop@sha256:${'0'.repeat(64)}`, { registry: 'ghcr.io', written: 'ghcr.io' }],
  ])('of %s', (image, registry) => expect(registryOf(image)).toEqual(registry));
});
