import { describe, expect, it } from '@jest/globals';
import { app } from './app.js';
import { resolveAppSource } from './app-source.js';

const image = 'ghcr.io/acme/shop:1.4';
const issuesOf = (fields: object, write: 'create' | 'update' = 'create') =>
  app.inputs[write]
    .safeParse({ ...(write === 'create' ? { image } : {}), ...fields })
    .error?.issues.map(({ path, message }) => ({ path: path.join('.'), message })) ?? [];

describe('the fields of existing clients', () => {
  it.each([{ deployType: 'image' }, { clusterDomainId: '' }, { clusterDomainId: null }, { buildArgs: {} }])(
    'may be %j in every write',
    (fields) => {
      expect([issuesOf(fields), issuesOf(fields, 'update')]).toEqual([[], []]);
    },
  );

  it.each([
    [{ deployType: 'cli' }, 'deployType', 'must be image: RunOS runs images'],
    [{ deployType: 'vcs' }, 'deployType', 'must be image: RunOS runs images'],
    [{ clusterDomainId: 'd1' }, 'clusterDomainId', 'must be empty: the hosts of an app are in the one domain'],
    [{ buildArgs: { '1A': '' } }, 'buildArgs.1A', 'Invalid key'],
    [{ buildArgs: { A: '\0' } }, 'buildArgs.A', 'must have no control characters'],
    [
      { buildArgs: Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`A${index}`, ''])) },
      'buildArgs',
      'must have at most 100 arguments',
    ],
  ])('are refused by name: %j', (fields, path, message) => {
    for (const write of ['create', 'update'] as const) {
      expect(issuesOf(fields, write)).toEqual([{ path, message: expect.stringContaining(message) }]);
    }
  });
});

describe('the sources of an app', () => {
  const current = { sourceDir: '..', buildArgs: { MODE: 'fast' } };

  it('are kept where a request does not name them', () => {
    expect(resolveAppSource({ dockerfile: 'Dockerfile' }, current)).toEqual({ ...current, dockerfile: 'Dockerfile' });
  });

  it('are replaced, and removed by an empty value', () => {
    expect(resolveAppSource({ buildArgs: { B: 'ü\n' }, sourceDir: '' }, current)).toEqual({ buildArgs: { B: 'ü\n' } });
    expect(resolveAppSource({ buildArgs: {} }, current)).toEqual({ sourceDir: '..' });
  });
});
