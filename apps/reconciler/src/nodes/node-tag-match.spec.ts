import { describe, expect, it } from '@jest/globals';
import { matchesANode, unknownPins } from './node-tag-match.js';

const nodes = [['gpu', 'disk:ssd'], ['zone:b'], []];

describe('the tags that an app names', () => {
  it.each<[string, string[], string[], boolean]>([
    ['none', [], [], true],
    ['all of one node', ['gpu', 'disk:ssd'], [], true],
    ['a key with any value', ['disk'], [], true],
    ['those of two nodes', ['gpu', 'zone:b'], [], false],
    ['another value', ['disk:hdd'], ['disk:hdd'], false],
    ['a value for a tag without one', ['gpu:a100'], ['gpu:a100'], false],
    ['the beginning of a key', ['zon'], ['zon'], false],
    ['an unknown one beside a known one', ['gpu', 'tpu'], ['tpu'], false],
  ])('can be %s', (_, pins, unknown, matches) => {
    expect(unknownPins(nodes, pins)).toEqual(unknown);
    expect(matchesANode(nodes, pins)).toBe(matches);
  });
});
