import { describe, expect, it } from '@jest/globals';
import { fieldChange, uniqueChanges } from './field-change.js';

const metadata = { name: 'one' };
const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { text: 'x'.repeat(5_000), mode: 'fast' } };
const other = { ...map, data: { ...map.data, mode: 'slow' } };
const secret = { apiVersion: 'v1', kind: 'Secret', metadata, data: { password: 'aHVudGVyMg==' } };

describe('a changed field', () => {
  it('has its values, and null where there is none', () => {
    expect(fieldChange(map, other, ['f:data', 'f:mode'])).toEqual({ path: 'data.mode', before: 'fast', after: 'slow' });
    expect(fieldChange(map, other, ['f:data', 'f:none'])).toMatchObject({ before: null, after: null });
  });

  it('has no value of a Secret, and a long value is cut', () => {
    const hidden = { path: 'data.password', before: '(hidden)', after: '(hidden)' };
    expect(fieldChange(secret, secret, ['f:data', 'f:password'])).toEqual(hidden);
    const { before } = fieldChange(map, other, ['f:data', 'f:text']);
    expect(before).toBe(`${'x'.repeat(1_024)}… (5000 characters)`);
  });
});

it('a field that two sets name is a change once, with the last values', () => {
  const changes = [
    { path: 'spec.args', after: ['b'] },
    { path: 'spec.replicas', after: 2 },
    { path: 'spec.args', after: null },
  ];
  expect(uniqueChanges(changes)).toEqual([{ path: 'spec.args', after: null }, changes[1]]);
});
