import { describe, expect, it } from '@jest/globals';
import { ImageReference, parseImageReference } from './image-reference.js';

const hash = `sha256:${'0123456789abcdef'.repeat(4)}`;

describe('an image reference', () => {
  it.each([
    ['nginx:1.27', { repository: 'nginx', tag: '1.27' }],
    ['x/a--b__c.d/e---f:1', { repository: 'x/a--b__c.d/e---f', tag: '1' }],
    [`${'a/'.repeat(127)}a:1`, { repository: `${'a/'.repeat(127)}a`, tag: '1' }],
    ['acme/shop:v1', { repository: 'acme/shop', tag: 'v1' }],
    ['ghcr.io/acme/shop:1.4', { registry: 'ghcr.io', repository: 'acme/shop', tag: '1.4' }],
    ['localhost/shop:1', { registry: 'localhost', repository: 'shop', tag: '1' }],
    ['registry.internal:5000/a/b-c__d/e.f', { registry: 'registry.internal:5000', repository: 'a/b-c__d/e.f' }],
    [`ghcr.io/acme/shop@${hash}`, { registry: 'ghcr.io', repository: 'acme/shop', digest: hash }],
    [`nginx:1.27@${hash}`, { repository: 'nginx', tag: '1.27', digest: hash }],
  ])('%s has its parts', (text, parts) => {
    expect(parseImageReference(text)).toEqual(parts);
  });

  it.each([
    '',
    'Nginx:1',
    'nginx:',
    'nginx:1:2',
    'a//b:1',
    '/nginx:1',
    'nginx@sha256:12',
    `n@${hash}@${hash}`,
    'a b:1',
    'h.io:99999/x:1',
    '-a:1',
    'a..b:1',
    'x___y:1',
    'a._b:1',
    'a-.b:1',
    'a_:1',
    'x..y.io/z:1',
    'x-.io/z:1',
    'ghcr.io./x:1',
    'h.io:0/x:1',
    'h.io:/x:1',
    `${'a/'.repeat(128)}a:1`,
    `${'x'.repeat(64)}.io/a:1`,
  ])('%j is none', (text) => {
    expect(parseImageReference(text)).toBeUndefined();
    expect(ImageReference.safeParse(text).success).toBe(false);
  });

  it('of an app names a tag or a digest', () => {
    expect(ImageReference.safeParse('nginx').error?.issues).toMatchObject([
      { message: expect.stringContaining('tag') },
    ]);
    expect(ImageReference.parse(`nginx@${hash}`)).toBe(`nginx@${hash}`);
  });
});
