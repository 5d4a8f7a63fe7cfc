import { describe, expect, it } from '@jest/globals';
import { invalidInput } from './index.js';

describe('the fault of an invalid input', () => {
  it.each([
    [['image: Required value.'], 'image: Required value.'],
    [['image: Required value'], 'image: Required value.'],
    [['image: Required value.', 'another'], 'image: Required value (and 1 more).'],
    [[], 'The input is invalid.'],
  ])('ends %j with one full stop', (messages, expected) => {
    const issues = messages.map((message) => ({ path: 'data', message }));
    const fault = invalidInput('override.invalid', issues);
    expect([fault.message, fault.details]).toEqual([expected, { issues }]);
  });
});
