import { PassThrough, Readable } from 'node:stream';
import { setImmediate as immediate, setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { gatherChunks } from './gather-chunks.js';

const textsOf = async (body: PassThrough): Promise<string[]> => {
  const texts: string[] = [];
  for await (const gathered of gatherChunks(body)) texts.push(gathered.toString());
  return texts;
};

describe('the chunks of a body', () => {
  it('are one buffer if they arrive in one turn of the event loop', async () => {
    const body = new PassThrough();
    const texts = textsOf(body);
    for (const chunk of ['a', 'b', 'c']) body.write(chunk);
    await immediate();
    await immediate();
    body.end('d');
    expect(await texts).toEqual(['abc', 'd']);
  });

  it('wait for others, but not when they are many or the last ones', async () => {
    const body = new PassThrough({ highWaterMark: 1024 * 1024 });
    const chunks = gatherChunks(body, 200);
    const next = async () => String((await chunks.next()).value);
    const startedAt = performance.now();
    const first = next();
    for (const chunk of ['a', 'b', 'c']) {
      body.write(chunk);
      await immediate();
      await immediate();
    }
    expect(await first).toBe('abc');
    expect(performance.now() - startedAt).toBeGreaterThan(190);
    const many = 'x'.repeat(64 * 1024);
    const untimely = gatherChunks(body, 60_000);
    const second = untimely.next();
    body.write(many);
    expect((await second).value).toHaveLength(many.length);
    const last = untimely.next();
    body.end('d');
    expect(String((await last).value)).toBe('d');
  });

  it('are taken together also when they arrive while their consumer is busy', async () => {
    const body = new PassThrough({ highWaterMark: 1024 * 1024 });
    const chunks = gatherChunks(body, 20);
    for (const text of ['a', 'b']) {
      body.write(text);
      const first = String((await chunks.next()).value);
      body.write('-');
      // Longer than they wait: the next step has them at once.
      await sleep(50);
      body.write('late');
      expect([first, String((await chunks.next()).value)]).toEqual([text, '-late']);
      // The timer of the last one does not wake a step that has nothing.
      const next = chunks.next();
      await sleep(50);
      body.write('.');
      expect(String((await next).value)).toBe('.');
    }
  });

  it('stop arriving while their consumer takes none, and are complete afterwards', async () => {
    let sent = 0;
    const source = function* (): Generator<Buffer> {
      for (; sent < 1_000; sent += 1) yield Buffer.alloc(1_024);
    };
    const chunks = gatherChunks(Readable.from(source(), { objectMode: false, highWaterMark: 1_024 }));
    let received = Buffer.from((await chunks.next()).value ?? []).length;
    for (let round = 0; round < 200; round += 1) await immediate();
    expect(sent).toBeLessThan(200);
    for await (const gathered of chunks) received += gathered.length;
    expect(received).toBe(1_000 * 1_024);
  });

  it('end with the error of the body, after those that arrived before', async () => {
    const body = new PassThrough();
    const chunks = gatherChunks(body);
    const first = chunks.next();
    body.write('a');
    expect(String((await first).value)).toBe('a');
    body.destroy(new Error('reset'));
    await expect(chunks.next()).rejects.toThrow('reset');
  });

  it('fail if the body is closed before its end', async () => {
    const body = new PassThrough();
    const texts = textsOf(body);
    body.destroy();
    await expect(texts).rejects.toThrow(/premature/i);
  });

  it('destroy the body when their consumer stops', async () => {
    const body = new PassThrough();
    body.write('a');
    for await (const _ of gatherChunks(body)) break;
    expect(body.destroyed).toBe(true);
  });
});
