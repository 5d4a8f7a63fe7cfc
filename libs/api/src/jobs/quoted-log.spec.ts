import { describe, expect, it } from '@jest/globals';
import { withoutQuotedLog, withQuotedLog } from './quoted-log.js';

describe('the log lines that a text quotes', () => {
  it('stand below its sentences, and are left out with the right that they need', () => {
    const text = withQuotedLog('It keeps ending.', ['secret 1', '', 'secret 2']);
    expect(text).toBe('It keeps ending. Its last log lines:\nsecret 1\n\nsecret 2');
    expect(withoutQuotedLog(text)).toBe('It keeps ending. Its last log lines need the right "sensitive_read".');
  });

  it('are left out from the first mark on, also if a line repeats it', () => {
    const text = withQuotedLog('It ends.', ['a Its last log lines:', 'b']);
    expect(withoutQuotedLog(text)).toBe('It ends. Its last log lines need the right "sensitive_read".');
  });

  it('are none in other texts', () => {
    expect(withQuotedLog('It ends.', [])).toBe('It ends.');
    expect(withoutQuotedLog('It ends.\nIt does.')).toBe('It ends.\nIt does.');
  });
});
