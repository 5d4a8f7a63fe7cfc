import { describe, expect, it } from '@jest/globals';
import { AgentIdentity } from './agent-identity.js';

describe('an identity in a certificate', () => {
  it.each([
    ['runos://abcde/ky3/cluster', { aid: 'abcde', cid: 'ky3', nid: null }],
    ['runos://abcde/ky3/node/n0de1', { aid: 'abcde', cid: 'ky3', nid: 'n0de1' }],
  ])('%s reads as it was printed', (uri, identity) => {
    expect(AgentIdentity.parse(uri)).toEqual(identity);
    expect(AgentIdentity.print(identity)).toBe(uri);
  });

  it.each([
    'runos://abcde/ky3',
    'runos://abcde/ky3/node/',
    'runos://abcde/ky3/node/xxxxx',
    'runos://abcde/ky3/cluster/n0de1',
    'runos://abcd/ky3/cluster',
    'spiffe://abcde/ky3/cluster',
    'runos://abcde/ky3/cluster\nrunos://other/ky3/cluster',
  ])('%s is none', (uri) => expect(AgentIdentity.parse(uri)).toBeUndefined());
});
