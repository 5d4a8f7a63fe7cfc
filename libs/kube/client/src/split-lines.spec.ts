import { describe, expect, it } from '@jest/globals';
import { splitLines } from './split-lines.js';

async function* body(...chunks: readonly string[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) yield await Promise.resolve(Buffer.from(chunk));
}

async function linesOf(chunks: readonly string[], maxBytes?: number): Promise<string[]> {
  const lines: string[] = [];
  for await (const ended of splitLines(body(...chunks), maxBytes)) lines.push(...ended);
  return lines;
}

describe('the lines of a body', () => {
  it('are whole, however they arrive', async () => {
    expect(await linesOf(['{"a":', '1}\n{"b":2}\n\n{"c"', ':3}\n'])).toEqual(['{"a":1}', '{"b":2}', '', '{"c":3}']);
  });

  it('are without a document that is not complete', async () => {
    expect(await linesOf(['{"a":1}\n{"b"'])).toEqual(['{"a":1}']);
  });

  it('are cut at a limit, and name what is missing', async () => {
    const long = 'x'.repeat(50);
    expect(await linesOf(['12345678', `90${long}`, long, '\nshort\n', '1234567890\n', 'last'], 10)).toEqual([
      '1234567890 … (100 more bytes)',
      'short',
      '1234567890',
      'last',
    ]);
  });
});
