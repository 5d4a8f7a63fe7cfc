import { describe, expect, it } from '@jest/globals';
import { rows } from './rows.js';
import { RowResult } from './row-result.js';

describe('the result of a row', () => {
  it('is right if every value is equal, or fits its pattern', () => {
    const result = new RowResult();
    result.compare('status', 'degraded', 'degraded');
    result.compare('replicas', { desired: 3, ready: 1 }, { desired: 3, ready: 1 });
    result.compare('message', 'Claim data-0 is being deleted.', /is being deleted/);
    expect(result.isRight).toBe(true);
    result.compare('event', undefined, /DataAtRisk/);
    expect(result.isRight).toBe(false);
    expect(result.findings.at(-1)).toEqual({
      what: 'event',
      seen: 'nothing',
      right: '/DataAtRisk/',
      isRight: false,
    });
  });

  it('is wrong if nothing was compared, or the row ended early', () => {
    const result = new RowResult();
    expect(result.isRight).toBe(false);
    result.compare('status', 1, 1);
    result.fail(new Error('the job did not end'));
    expect(result.isRight).toBe(false);
  });
});

it('every row has an id of its own', () => {
  expect(rows.map(({ id }) => id).sort()).toEqual(Array.from({ length: 19 }, (_, index) => `F${index + 1}`).sort());
});
