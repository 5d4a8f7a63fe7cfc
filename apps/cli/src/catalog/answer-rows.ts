import { type Document, isDocument } from '../output/document.js';

/** The rows of a list: the answer itself, or the list in it whose rows have the declared fields. */
export function answerRows(body: unknown, fields: readonly string[]): readonly Document[] | undefined {
  if (Array.isArray(body)) return body.map(asRow);
  if (!isDocument(body)) return undefined;
  const lists = Object.values(body).filter((value) => Array.isArray(value)) as unknown[][];
  const [first] = lists;
  if (lists.length <= 1) return first?.map(asRow);
  const names = new Set(fields.map((field) => field.split('.', 1)[0] ?? field));
  const fits = (list: readonly unknown[]) =>
    list.some((row) => isDocument(row) && Object.keys(row).some((key) => names.has(key)));
  return (lists.find(fits) ?? first)?.map(asRow);
}

const asRow = (value: unknown): Document => (isDocument(value) ? value : { value });
