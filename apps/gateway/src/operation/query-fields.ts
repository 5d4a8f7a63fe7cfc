import { hasBody, type Operation } from '@runos/api';
import type { Issue } from '@runos/kernel';
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

type Commanded = Pick<Operation, 'query' | 'method' | 'command'>;

/** Clients send every switch that they have, so that one with its default is no decision of a user. */
function isDefaultOf({ command }: Commanded, name: string, value: unknown): boolean {
  const { flags = {}, setByClients = [] } = typeof command === 'object' ? command : {};
  return !setByClients.includes(name) && value === String(flags[name] ?? false);
}

/** An issue for each field that has two values. */
function contradictions(operation: Commanded, ofUrl: Fields, top: Fields, flags: Fields): Issue[] {
  const given = { ...flags, ...top, ...ofUrl };
  const decided = Object.entries(flags).filter(([name, value]) => !isDefaultOf(operation, name, value));
  const others = [...decided, ...Object.entries(top)].filter(([name, value]) => value !== given[name]);
  return [...new Set(others.map(([name]) => name))].map((path) => ({ path, message: 'has two values' }));
}

/**
 * Takes the fields of the query from the body of a write, in which command lines send all inputs. Switches are below
 * `flags`, others at the top level. Fields that the body has too stay there. A field that is given twice with different
 * values is an issue, but a switch with its default gives way.
 */
export function takeQueryFields(
  operation: Commanded,
  bodySchema: z.ZodType,
  query: Fields,
  body: unknown,
): { readonly query: Fields; readonly body: unknown; readonly issues: readonly Issue[] } {
  const { query: schema, method } = operation;
  const ofBody = namesOf(bodySchema);
  const names = namesOf(schema).filter((name) => !ofBody.includes(name));
  if (!hasBody(method) || names.length === 0 || !isObject(body)) return { query, body, issues: [] };
  const top = split(names, body);
  const { [switches]: flags, ...others } = top.rest;
  const below = split(names, isObject(flags) ? flags : {});
  const isEmptied = Object.keys(below.taken).length > 0 && Object.keys(below.rest).length === 0;
  return {
    query: { ...query, ...below.taken, ...top.taken, ...present(query) },
    issues: contradictions(operation, present(query), top.taken, below.taken),
    body: isEmptied ? others : isObject(flags) ? { ...others, [switches]: below.rest } : top.rest,
  };
}
