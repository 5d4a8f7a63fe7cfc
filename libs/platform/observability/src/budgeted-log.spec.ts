import { describe, expect, it } from '@jest/globals';
import { BudgetedLog } from './budgeted-log.js';
import { createLogger } from './create-logger.js';

/** A log of two lines per minute and key, with at most three keys. */
function budgeted() {
  const lines: Record<string, unknown>[] = [];
  const write = (text: string) => void lines.push(JSON.parse(text) as Record<string, unknown>);
  const log = new BudgetedLog(createLogger({ service: 'spec', level: 'debug', destination: { write } }), 2, 3);
  const writeOf = (key: string) =>
    log.write({ key, sender: { tenant: key }, level: 'warn', fields: {}, message: 'failed' });
  const written = () => lines.filter(({ msg }) => msg === 'failed').map(({ tenant }) => tenant);
  return { log, lines, writeOf, written };
}

describe('a log with a budget', () => {
  it('drops lines of the key that has used its budget, and counts them', () => {
    const { log, lines, writeOf, written } = budgeted();
    for (const key of ['a', 'a', 'a', 'b']) writeOf(key);
    expect(written()).toEqual(['a', 'a', 'b']);
    log.end();
    expect(lines.at(-1)).toMatchObject({ tenant: 'a', dropped: 1 });
  });

  it('gives keys beyond a number one budget in common', () => {
    const { log, lines, writeOf, written } = budgeted();
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f', 'a']) writeOf(key);
    expect(written()).toEqual(['a', 'b', 'c', 'd', 'e', 'a']);
    log.end();
    expect(lines.at(-1)).toMatchObject({ of: 'all others', dropped: 1 });
  });
});
