import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '@runos/testing-basics';
import { logEntry } from '../../test/sample-log.js';
import { followLog } from './follow-log.js';
import { logFormatOf } from './log-format.js';

const format = logFormatOf('application/x-ndjson');
const line = `${JSON.stringify(logEntry)}\n`;

describe('a log that is followed', () => {
  /** A log with a line every 4 s; the numbers of its lines, at most 12. */
  async function follow(changes: object): Promise<number> {
    if (format === undefined) throw new Error('no format');
    const clock = new ManualClock();
    const log = followLog({
      read: async () => {
        await clock.advance(4_000);
        return { entries: [logEntry], ended: false, truncated: false };
      },
      format,
      clock,
      signal: new AbortController().signal,
      isAuthorized: () => Promise.resolve(true),
      exists: () => Promise.resolve(true),
      ...changes,
    });
    let count = 0;
    for await (const text of log) {
      expect(text).toBe(line);
      if (++count === 12) break;
    }
    return count;
  }

  it('goes on while its instance is there, and ends with the chunk after which it is gone', async () => {
    expect(await follow({})).toBe(12);
    let chunks = 0;
    expect(await follow({ exists: () => Promise.resolve(++chunks < 3) })).toBe(3);
  });

  it('ends within 15 s when its caller is not authorized any more', async () => {
    let checks = 0;
    expect(await follow({ isAuthorized: () => Promise.resolve(++checks < 2) })).toBe(4);
  });
});
