import { describe, expect, it } from '@jest/globals';
import { tagPatch } from './tag-labels.js';

describe('the labels of the tags of a node', () => {
  it.each<[string, Record<string, string>, string[], Record<string, string | null> | undefined]>([
    ['are added', { zone: 'a' }, ['gpu', 'disk:ssd'], { 'runos.com/tag.gpu': '', 'runos.com/tag.disk': 'ssd' }],
    ['get their new value', { 'runos.com/tag.disk': 'hdd' }, ['disk:ssd'], { 'runos.com/tag.disk': 'ssd' }],
    ['are removed without their tag', { 'runos.com/tag.gpu': '', zone: 'a' }, [], { 'runos.com/tag.gpu': null }],
    ['stay', { 'runos.com/tag.gpu': '', zone: 'a' }, ['gpu'], undefined],
    ['are not those of others', { 'example.com/tag.gpu': '', 'runos.com/tagged': '' }, [], undefined],
  ])('%s', (_, live, tags, patch) => {
    expect(tagPatch(live, tags)).toEqual(patch);
  });
});
