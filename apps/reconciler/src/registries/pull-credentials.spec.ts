import { describe, expect, it } from '@jest/globals';
import { dockerConfigOf } from './pull-credentials.js';

describe('the configuration of pull credentials', () => {
  it.each([
    ['nginx:1.27', 'https://index.docker.io/v1/'],
    ['acme/shop:1', 'https://index.docker.io/v1/'],
    ['docker.io/acme/shop:1', 'https://index.docker.io/v1/'],
    ['index.docker.io/acme/shop:1', 'https://index.docker.io/v1/'],
    ['registry-1.docker.io/acme/shop:1', 'registry-1.docker.io'],
    ['ghcr.io/acme/shop:1', 'ghcr.io'],
    ['GHCR.io/acme/shop:1', 'GHCR.io'],
    ['registry.example.com:5000/shop:1', 'registry.example.com:5000'],
  ])('of %s has the key %s alone', (image, key) => {
    const credentials = { username: 'acme', password: 'pä:ss' };
    const auth = Buffer.from('acme:pä:ss').toString('base64');
    expect(JSON.parse(dockerConfigOf(image, credentials))).toEqual({ auths: { [key]: { ...credentials, auth } } });
  });
});
