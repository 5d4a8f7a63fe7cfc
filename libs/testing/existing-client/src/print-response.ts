import type { Command } from './command.js';

type Row = Readonly<Record<string, unknown>>;

const valueAt = (row: Row, name: string): unknown =>
  name.split('.').reduce<unknown>((at, step) => (at as Row | null | undefined)?.[step], row);

const isRow = (value: unknown): value is Row => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The rows of a response: a list, or the only list of an object whose rows have a declared field. */
function rowsOf({ command, output }: Command, body: unknown): readonly Row[] {
  if (Array.isArray(body)) return body as Row[];
  const lists = Object.values(body as Row).filter(Array.isArray) as Row[][];
  const matching = lists.filter((rows) =>
    rows.every((row) => isRow(row) && output.fields.some(({ name }) => valueAt(row, name) !== undefined)),
  );
  if (matching[0] === undefined || matching.length > 1) throw new Error(`${command}: its response has no list of rows`);
  return matching[0];
}

/**
 * The names that the program prints as columns or keys, with whether the response has values for them.
 * @throws Error for a response that it cannot print in the declared form
 */
export function printedFields(command: Command, body: unknown): ReadonlyMap<string, boolean> {
  if (!isRow(body) && !Array.isArray(body)) throw new Error(`${command.command}: its response is no JSON object`);
  if (isRow(body) && typeof body['error'] === 'string' && Number(body['statusCode']) >= 400)
    throw new Error(`${command.command}: its response reads as an error`);
  const rows = command.output.type === 'array' ? rowsOf(command, body) : [body as Row];
  return new Map(command.output.fields.map(({ name }) => [name, rows.some((row) => valueAt(row, name) !== undefined)]));
}
