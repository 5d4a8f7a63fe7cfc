import { describe, expect, it } from '@jest/globals';
import { createLogger, logWarnings, NestLogger } from './create-logger.js';

type Line = Record<string, unknown>;

const capture = () => {
  const texts: string[] = [];
  const logger = createLogger({
    service: 'spec',
    level: 'debug',
    replica: 'r1',
    destination: { write: (text) => void texts.push(text) },
  });
  return { logger, texts, lines: () => texts.map((text) => JSON.parse(text) as Line) };
};

describe('createLogger', () => {
  it('writes one JSON line per event', () => {
    const { logger, texts, lines } = capture();
    logger.info({ cid: 'c1' }, 'it\nhappened');
    expect(texts[0]?.trimEnd()).not.toContain('\n');
    expect(lines()[0]).toMatchObject({ level: 'info', service: 'spec', replica: 'r1', cid: 'c1', msg: 'it\nhappened' });
    expect(new Date(String(lines()[0]?.['time'])).getTime()).toBeGreaterThan(Date.now() - 5_000);
  });

  it('writes warnings of Node.js as log lines', () => {
    const { logger, lines } = capture();
    const before = process.listeners('warning');
    logWarnings(logger);
    process.emit('warning', new Error('old ways'));
    process.removeAllListeners('warning');
    before.forEach((listener) => process.on('warning', listener));
    expect(lines()).toEqual([expect.objectContaining({ level: 'warn', msg: 'Node.js warning' })]);
    expect(lines()[0]?.['err']).toMatchObject({ message: 'old ways' });
  });

  it('redacts tokens anywhere in a line, and fields that name a secret', () => {
    const { logger, texts } = capture();
    const token = `runos_pat_abcdefghijkl.${'x'.repeat(43)}`;
    logger.info(
      { header: `Bearer ${token}`, deep: { list: [token] }, password: 'hunter2', body: { password: 'hunter2' } },
      token,
    );
    logger.error({ err: new Error(`bad ${token}`) }, 'failed');
    expect(texts.join('')).not.toContain('xxxx');
    expect(texts.join('')).not.toContain('hunter2');
    expect(texts[0]).toContain('runos_pat_(hidden)');
  });
});

describe('NestLogger', () => {
  it("keeps Nest's context, errors and fields", () => {
    const { logger, lines } = capture();
    const nest = new NestLogger(logger);
    nest.log('started', 'Factory');
    nest.error(new TypeError('broken'), 'Handler');
    nest.error('went wrong', 'Error: x\n    at y', 'Handler');
    nest.warn({ event: 'slow', ms: 7 }, 'Handler');
    const [started, broken, wrong, slow] = lines();
    expect(started).toMatchObject({ level: 'debug', msg: 'started', context: 'Factory' });
    expect(broken).toMatchObject({ level: 'error', msg: 'broken', err: { type: 'TypeError' }, context: 'Handler' });
    expect(wrong).toMatchObject({ msg: 'went wrong', stack: 'Error: x\n    at y', context: 'Handler' });
    expect(slow).toMatchObject({ level: 'warn', event: 'slow', ms: 7 });
  });
});
