import { expect, it } from '@jest/globals';
import { lastLines } from './last-lines.js';

it('are the last 20 that are not blank', () => {
  const log = Array.from({ length: 30 }, (_, index) => `line ${index}\r\n`).join('\n');
  expect(lastLines(log)).toEqual(Array.from({ length: 20 }, (_, index) => `line ${index + 10}`));
  expect(lastLines('')).toEqual([]);
});

it('have at most 512 bytes each, without half characters', () => {
  const [line = ''] = lastLines('ü'.repeat(400));
  expect(line).toBe(`${'ü'.repeat(254)}…`);
  expect(Buffer.byteLength(line)).toBeLessThanOrEqual(512);
  expect(lastLines('x'.repeat(512))).toEqual(['x'.repeat(512)]);
});

it('have at most 8 KiB together', () => {
  const lines = lastLines(Array.from({ length: 20 }, () => 'x'.repeat(600)).join('\n'));
  expect(lines).toHaveLength(16);
  expect(Buffer.byteLength(lines.join(''))).toBe(8_192);
});
