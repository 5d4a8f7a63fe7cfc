import { describe, expect, it } from '@jest/globals';
import { operations } from '../operations.js';
import { reservedWords } from './reserved-words.js';

describe('reserved words', () => {
  it('contain every literal path segment of the operations', () => {
    for (const { path } of operations) {
      for (const segment of path.split('/').slice(1)) {
        expect([path, segment, segment.startsWith(':') || reservedWords.has(segment)]).toEqual([path, segment, true]);
      }
    }
    expect([...reservedWords].filter((word) => word.startsWith(':') || word === '')).toEqual([]);
  });

  it.each([
    ['the routes of the gateway', 'livez readyz openapi.json auth jobs notify cli'],
    [
      'collections of an account or a cluster',
      'clusters config-sets nodes services apps registries domains members invitations api-keys notify-keys audit events upgrades',
    ],
    [
      'planned routes',
      'clusters settings identity-providers service-info app-info livez readyz sessions profile tags vpn virt config procedures node-agent-version prepare-cli-deployment',
    ],
  ])('contain %s', (_, words) => {
    expect(words.split(' ').filter((word) => !reservedWords.has(word))).toEqual([]);
  });
});
