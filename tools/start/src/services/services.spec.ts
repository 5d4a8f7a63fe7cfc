import { expect, it } from '@jest/globals';
import { serviceNames } from '@runos/contracts';
import { services } from './services.js';

it('a plane starts every service of the contracts', () => {
  expect([...services.map(({ name }) => name), 'operator'].sort()).toEqual([...serviceNames].sort());
});
