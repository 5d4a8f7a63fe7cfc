import { describe, expect, it } from '@jest/globals';
import { parseLogLine } from './log-line.js';

describe('a line of a node', () => {
  it.each([
    ['2030-02-11T09:30:00.123456789Z hello', '2030-02-11T09:30:00.123456789Z', 'hello'],
    ['2030-02-11T09:30:00.123456789Z  two  blanks \r', '2030-02-11T09:30:00.123456789Z', ' two  blanks '],
    ['2030-02-11T09:30:00.1Z short', '2030-02-11T09:30:00.100000000Z', 'short'],
    ['2030-02-11T09:30:00Z none', '2030-02-11T09:30:00.000000000Z', 'none'],
    ['2030-02-11T11:30:00.123456789+02:00 zone', '2030-02-11T09:30:00.123456789Z', 'zone'],
    ['2030-02-11T09:30:00.123456789Z', '2030-02-11T09:30:00.123456789Z', ''],
    ['2030-02-11T09:30:00.123456789Z ', '2030-02-11T09:30:00.123456789Z', ''],
    ['2030-02-11T09:30:00.123456789', undefined, '2030-02-11T09:30:00.123456789'],
    ['2030-02-31T99:30:00.123456789Z no time', undefined, '2030-02-31T99:30:00.123456789Z no time'],
    ['rpc error: code = Unknown', undefined, 'rpc error: code = Unknown'],
  ])('is read: %s', (line, timestamp, message) => {
    // Also after a line of the same second, and of another one.
    for (const before of ['2030-02-11T09:30:00.000000001Z x', '2030-02-11T09:30:01.000000001Z x', line]) {
      parseLogLine(before);
      expect(parseLogLine(line)).toEqual({ timestamp, message });
    }
  });
});
