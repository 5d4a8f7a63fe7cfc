import { describe, expect, it } from '@jest/globals';
import { parseChallenge } from './challenge.js';

describe('a challenge of a registry', () => {
  it('names the address of tokens and the service', () => {
    const realm = new URL('https://auth.docker.io/token');
    const service = 'registry.docker.io';
    const header = `Bearer realm="${realm.href}",service="${service}"`;
    for (const text of [header, `bearer ${header.slice(7)}`, `Basic realm="x", ${header}`]) {
      expect(parseChallenge(text)).toEqual({ scheme: 'bearer', realm, service });
    }
    expect(parseChallenge(`Bearer realm="${realm.href}"`)).toEqual({ scheme: 'bearer', realm, service: undefined });
  });

  it('requests user name and password', () => {
    expect(parseChallenge('Basic realm="Registry"')).toEqual({ scheme: 'basic' });
  });

  it.each(['', 'Bearer', 'Bearer realm=""', 'Bearer realm="no address"', 'Digest realm="x"', 'Negotiate'])(
    'is not understood: %j',
    (header) => expect(parseChallenge(header)).toBeUndefined(),
  );
});
