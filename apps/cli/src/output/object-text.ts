import { type Document, isDocument, valueAt } from './document.js';
import { objectLabel } from './field-label.js';
import { printable } from './printable.js';
import { rowsText } from './rows-text.js';
import { type Style, statusText } from './style.js';
import { isTime, timeText } from './time-text.js';

const statusFields = ['status', 'state', 'health'];

/** A document as lines of `label  value`: the declared fields in their order, then the others by name. */
export function objectText(document: Document, declared: readonly string[], style: Style, now: Date): string {
  const known = new Set(declared.map((name) => name.split('.', 1)[0]));
  const more = Object.keys(document)
    .filter((name) => !known.has(name))
    .sort();
  const fields = [...declared, ...more].filter((name) => isShown(valueAt(document, name)));
  const labels = fields.map(objectLabel);
  const width = Math.max(0, ...labels.map(({ length }) => length));
  return fields
    .map((name, index) => {
      const label = style.dim((labels[index] ?? '').padEnd(width));
      return `  ${label}  ${valueText(name, valueAt(document, name), style, now)}\n`;
    })
    .join('');
}

const isShown = (value: unknown): boolean => value !== undefined && value !== null && value !== '';

function valueText(name: string, value: unknown, style: Style, now: Date): string {
  if (Array.isArray(value)) return listText(value, style, now);
  if (isDocument(value) && Object.keys(value).length === 0) return 'none';
  if (isDocument(value)) return `\n${indented(objectText(value, Object.keys(value), style, now))}`.trimEnd();
  if (isTime(value)) return timeText(value, now);
  const text = printable(String(value));
  return statusFields.includes(name) ? statusText(text, style) : text;
}

function listText(list: readonly unknown[], style: Style, now: Date): string {
  if (list.length === 0) return 'none';
  if (!list.every(isDocument))
    return list.map((one) => (isDocument(one) ? JSON.stringify(one) : String(one))).join(', ');
  const columns = [...new Set(list.flatMap((row) => Object.keys(row)))];
  return `\n${indented(rowsText(list, columns, { columns: Infinity, style, now }))}`.trimEnd();
}

const indented = (text: string): string => text.replace(/^(?=.)/gm, '    ');
