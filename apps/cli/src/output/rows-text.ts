import { fieldLabel } from './field-label.js';
import { type Document, valueAt } from './document.js';
import { printable } from './printable.js';
import { type Style, statusText } from './style.js';
import { type Column, tableText } from './table.js';
import { ageText, isTime } from './time-text.js';

export interface RowsOptions {
  /** Width of the terminal. */
  readonly columns: number;
  readonly style: Style;
  readonly now: Date;
}

const ids = /^(id|cid|nid|osid|jobId)$/;
const reasons = /^(reason|message|error|description)$/;
const states = /^(status|state|health)$/;

/** Rows as a table with these fields as its columns; columns that are empty in all rows are left out. */
export function rowsText(rows: readonly Document[], fields: readonly string[], options: RowsOptions): string {
  const columns = fields.map((name) => columnOf(name, rows, options));
  const idAt = fields.findIndex((name) => ids.test(name));
  const shown = columns
    .map((column, index) => (index === (idAt < 0 ? 0 : idAt) ? { ...column, isKept: true } : column))
    .filter(({ cells, isKept }) => isKept === true || cells.some((cell) => cell !== ''));
  // A reason can take what is left of the line, so it stands last.
  const isReason = ({ canBeCut }: Column) => canBeCut === true;
  return tableText([...shown.filter((one) => !isReason(one)), ...shown.filter(isReason)], options.columns);
}

function columnOf(name: string, rows: readonly Document[], { style, now }: RowsOptions): Column {
  const cells = rows.map((row) => cellText(valueAt(row, name), now));
  return {
    header: fieldLabel(name).toUpperCase(),
    cells,
    isKept: reasons.test(name) && cells.some((cell) => cell !== ''),
    canBeCut: reasons.test(name),
    ...(states.test(name) && { isState: true, paint: (cell: string) => statusText(cell, style) }),
  };
}

function cellText(value: unknown, now: Date): string {
  if (value === undefined || value === null) return '';
  if (isTime(value)) return ageText(value, now);
  if (Array.isArray(value)) return listText(value);
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value as string | number | boolean);
  return printable(text).replace(/\s+/g, ' ');
}

const listText = (list: readonly unknown[]): string =>
  list.some((one) => typeof one === 'object') ? `[${list.length} entries]` : list.join(',');
