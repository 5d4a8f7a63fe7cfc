import type { FieldChange } from '@runos/manifest';
import { printable } from './printable.js';
import type { Style } from './style.js';
import { textWidth } from './text-width.js';

/** What stands in place of a secret. */
export const hidden = '(redacted; --show-secrets)';
const maxValueLength = 120;

/** One line per change: the field, then before and after, or where alone it is. */
export function changesText(changes: readonly FieldChange[], style: Style, showsSecrets = false): string {
  const width = Math.max(18, ...changes.map(({ field }) => textWidth(printable(field)))) + 2;
  return changes
    .map((change) => {
      const field = printable(change.field);
      const blanks = ' '.repeat(width - textWidth(field));
      return `  ${field}${blanks}${colourOf(change, style)(whatChanged(change, showsSecrets))}${reasonOf(change, style)}\n`;
    })
    .join('');
}

function whatChanged({ kind, before, after, isSecret, isContent }: FieldChange, showsSecrets: boolean): string {
  const words = { changed: 'changed', only_local: 'only local', only_server: 'only on the server' }[kind];
  if (isSecret === true && !showsSecrets) return `${words} ${hidden}`;
  if (isContent === true) return words;
  if (kind === 'changed') return `${valueText(before)} → ${valueText(after)}`;
  return `${words}: ${valueText(kind === 'only_local' ? after : before)}`;
}

const colourOf = ({ kind }: FieldChange, style: Style) =>
  ({ changed: style.yellow, only_local: style.green, only_server: style.red })[kind];

const reasonOf = ({ reason }: FieldChange, style: Style): string =>
  reason === undefined ? '' : style.dim(`   (${reason})`);

/** A value on one line, cut when it is long. */
export function valueText(value: unknown): string {
  const isList = Array.isArray(value) && value.every((item) => typeof item !== 'object');
  const text = isList ? value.join(', ') : typeof value === 'object' ? JSON.stringify(value) : String(value);
  const line = /[\n\r\t]/.test(text) || text === '' ? JSON.stringify(text) : text;
  const shown = printable(line);
  return shown.length > maxValueLength ? `${shown.slice(0, maxValueLength)}…` : shown;
}

/** The changes as a document; with values of secrets only under `showsSecrets`. */
export const changesDocument = (changes: readonly FieldChange[], showsSecrets = false): readonly object[] =>
  changes.map(({ field, kind, before, after, isSecret = false, reason }) => ({
    field,
    kind,
    ...(isSecret && !showsSecrets ? { redacted: true } : { before, after }),
    reason,
  }));
