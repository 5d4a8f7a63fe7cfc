import type { FieldChange } from '@runos/manifest';
import { hidden, valueText } from '../output/changes-text.js';
import { printable } from '../output/printable.js';
import type { Style } from '../output/style.js';

/** One line per change: `~ replicas 2 → 3`, `+ env MODE fast`, `- overrides/probe.yaml`. */
export const planText = (changes: readonly FieldChange[], style: Style, showsSecrets = false): string =>
  changes
    .map((change) => {
      const [sign, colour] = signOf(change, style);
      const value = valuesOf(change, showsSecrets);
      const reason = change.reason === undefined ? '' : style.dim(`   (${change.reason})`);
      return `  ${colour(`${sign} ${printable(change.field)}${value === '' ? '' : ` ${value}`}`)}${reason}\n`;
    })
    .join('');

const signOf = ({ kind }: FieldChange, style: Style) =>
  ({
    changed: ['~', style.yellow] as const,
    only_local: ['+', style.green] as const,
    only_server: ['-', style.red] as const,
  })[kind];

function valuesOf({ kind, before, after, isSecret, isContent }: FieldChange, showsSecrets: boolean): string {
  if (isContent === true) return '';
  if (isSecret === true && !showsSecrets) return kind === 'only_server' ? '' : hidden;
  if (kind === 'changed') return `${valueText(before)} → ${valueText(after)}`;
  return valueText(kind === 'only_local' ? after : before);
}
