import type { Level } from '../access/access.js';

/** Stands between the sentences of a text and the log lines that it quotes, which are its rest. */
const mark = ' Its last log lines:\n';

/** The level of the reads of logs. A text for a caller without it quotes no log lines. */
export const logLevel = 'sensitive_read' satisfies Level;

/** Sentences with the log lines that explain them, oldest first. */
export const withQuotedLog = (sentences: string, lines: readonly string[]): string =>
  lines.length === 0 ? sentences : [sentences + mark.trimEnd(), ...lines].join('\n');

/** A text without the log lines that it quotes. It states which right shows them. */
export function withoutQuotedLog(text: string): string {
  const end = text.indexOf(mark);
  return end < 0 ? text : `${text.slice(0, end)} Its last log lines need the right "${logLevel}".`;
}
