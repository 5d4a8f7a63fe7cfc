import { describe, expect, it } from '@jest/globals';
import { isPullFailure, pullFailureCause, registryOf } from './image-pull-failure.js';

const missing =
  'rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/x:9": failed to resolve reference "docker.io/library/x:9": docker.io/library/x:9: not found';

it.each([
  ['ghcr.io/acme/shop:1.4', 'ghcr.io'],
  ['registry:5000/shop@sha256:ab', 'registry:5000'],
  ['localhost/shop', 'localhost'],
  ['acme/shop:1', 'docker.io'],
  ['nginx:1.27', 'docker.io'],
])('the registry of %s is %s', (image, registry) => expect(registryOf(image)).toBe(registry));

describe('the cause of a failed pull', () => {
  it.each([
    ['an attempt', missing],
    ['the wait after it', `Back-off pulling image "x:9": ErrImagePull: ${missing}`],
  ])('is the same after %s', (_, message) => {
    expect(pullFailureCause(message)).toBe('docker.io/library/x:9: not found');
  });

  it('is empty before the first attempt', () => {
    expect(pullFailureCause('Back-off pulling image "x:9"')).toBe('');
  });

  it('lacks the port of the attempt and the query of the address', () => {
    const read = (port: number, signature: string): string =>
      pullFailureCause(
        `failed to do request: Get "https://blobs.example.com/v2/x?sig=${signature}": read tcp 10.0.0.2:${port}->10.0.0.9:443: connection reset by peer`,
      );
    expect(read(40_001, 'abc')).toBe(
      'failed to do request: Get "https://blobs.example.com/v2/x": read tcp 10.0.0.2->10.0.0.9:443: connection reset by peer',
    );
    expect(read(40_002, 'def')).toBe(read(40_001, 'abc'));
  });

  it('keeps what the kubelet itself states', () => {
    const message = 'image pull failed for x:9 because the registry is unavailable: dial tcp: no such host';
    expect(pullFailureCause(message)).toBe(message);
  });

  it('is bounded', () => {
    expect(pullFailureCause('x'.repeat(5_000))).toHaveLength(300);
  });

  it('belongs to the reasons of the kubelet for images', () => {
    expect(['ErrImagePull', 'RegistryUnavailable', 'CrashLoopBackOff'].map(isPullFailure)).toEqual([true, true, false]);
  });
});
