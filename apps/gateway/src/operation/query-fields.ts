import { hasBody, type Operation } from '@runos/api';
import { z } from 'zod';

type Fields = Readonly<Record<string, unknown>>;

const namesOf = (schema: z.ZodType): string[] => (schema instanceof z.ZodObject ? Object.keys(schema.shape) : []);

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The switches in a body. */
const switches = 'flags';

const isValue = (value: unknown): boolean => ['string', 'number', 'boolean'].includes(typeof value);

/** The fields in `from` that the query has, as a query would have them, and all others. */
function split(names: readonly string[], from: Fields): { taken: Record<string, unknown>; rest: Fields } {
  const isTaken = ([name, value]: [string, unknown]): boolean => names.includes(name) && isValue(value);
  const entries = Object.entries(from);
  return {
    taken: Object.fromEntries(entries.filter(isTaken).map(([name, value]) => [name, String(value)])),
    rest: Object.fromEntries(entries.filter((entry) => !isTaken(entry))),
  };
}

/** The fields of a query that are not empty. */
const present = (query: Fields): Fields =>
  Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined));

/**
 * Takes the fields of the query from the body of a write, in which command lines send all inputs. Switches are below
 * `flags`, others at the top level. Fields that the body has too stay there, and a field of the URL wins
 * unless it is empty.
 */
export function takeQueryFields(
  { query: schema, method }: Pick<Operation, 'query' | 'method'>,
  bodySchema: z.ZodType,
  query: Fields,
  body: unknown,
): { readonly query: Fields; readonly body: unknown } {
  const ofBody = namesOf(bodySchema);
  const names = namesOf(schema).filter((name) => !ofBody.includes(name));
  if (!hasBody(method) || names.length === 0 || !isObject(body)) return { query, body };
  const top = split(names, body);
  const flags = top.rest[switches];
  if (!isObject(flags)) return { query: { ...query, ...top.taken, ...present(query) }, body: top.rest };
  const below = split(names, flags);
  const { [switches]: _, ...others } = top.rest;
  const isEmptied = Object.keys(below.taken).length > 0 && Object.keys(below.rest).length === 0;
  return {
    query: { ...query, ...top.taken, ...below.taken, ...present(query) },
    body: isEmptied ? others : { ...others, [switches]: below.rest },
  };
}
