import { describe, expect, it } from '@jest/globals';
import { isRepository, parseImage } from './image-reference.js';

const digest = `sha256:${'a'.repeat(64)}`;

describe('an image reference', () => {
  it.each([
    ['ghcr.io/cloudnative-pg/cloudnative-pg:1.27.0', 'ghcr.io/cloudnative-pg/cloudnative-pg', '1.27.0'],
    [`registry:5000/mirror/pg:1.27.0@${digest}`, 'registry:5000/mirror/pg', '1.27.0'],
    [`registry:5000/mirror/pg@${digest}`, 'registry:5000/mirror/pg', null],
    ['registry:5000/pg', 'registry:5000/pg', null],
    ['pg:16', 'pg', '16'],
    ['pg:', 'pg', null],
    [`pg:${'x'.repeat(200)}`, 'pg', null],
    ['', '', null],
  ])('%s', (image, repository, tag) => {
    expect(parseImage(image)).toEqual({ repository, tag });
  });

  it('is recognised by its whole last path segments', () => {
    const matches = (image: string) => isRepository(parseImage(image), 'cloudnative-pg/cloudnative-pg');
    expect(matches('cloudnative-pg/cloudnative-pg')).toBe(true);
    expect(matches('mirror:5000/ghcr/cloudnative-pg/cloudnative-pg:1')).toBe(true);
    expect(matches('ghcr.io/cloudnative-pg/cloudnative-pg-testing:1')).toBe(false);
    expect(matches('ghcr.io/my-cloudnative-pg/cloudnative-pg:1')).toBe(false);
  });
});
