import type { Command, CommandField } from './command.js';
import { isPositional } from './command-tree.js';

/** What a person gives: values of fields and arguments by name, and switches. */
export interface Given {
  readonly aid: string;
  readonly cid: string;
  readonly values: Readonly<Record<string, unknown>>;
  readonly switches?: Readonly<Record<string, boolean>>;
}

export interface BuiltRequest {
  readonly method: string;
  readonly path: string;
  /** Absent: no body and no Content-Type. */
  readonly body?: string;
}

const inQuery = (value: unknown): string => {
  if (Array.isArray(value)) return value.map(String).join(',');
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
};

/** `a.b` → `{a: {b}}` */
function nest(values: ReadonlyMap<string, unknown>): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  for (const [name, value] of values) {
    const steps = name.split('.');
    const last = steps.pop() ?? name;
    let at = body;
    for (const step of steps) at = (at[step] ??= {}) as Record<string, unknown>;
    at[last] = value;
  }
  return body;
}

function checkValue({ name, type, enum: values }: CommandField, value: unknown): void {
  if (values !== undefined && !values.includes(String(value)))
    throw new Error(`${name} must be one of ${values.join()}`);
  if (type === 'integer' && (!Number.isInteger(value) || Number(value) < (name === 'limit' ? 1 : 0)))
    throw new Error(`${name} must be a whole number`);
}

/** Defaults of fields, then what is given. @throws Error for a missing or refused value, as the program reports it */
function collect(command: Command, { values }: Given): Map<string, unknown> {
  const collected = new Map<string, unknown>();
  for (const field of command.input.fields) {
    const value = values[field.name] ?? (isPositional(command, field) ? undefined : field.default);
    if (value === undefined && field.required && field.name !== 'cid') throw new Error(`${field.name} is required`);
    if (value === undefined) continue;
    checkValue(field, value);
    collected.set(field.name, value);
  }
  return collected;
}

/**
 * The request that existing clients send for a command of the catalog, by the description of their protocol.
 * @throws Error where they refuse locally
 */
export function buildRequest(command: Command, given: Given): BuiltRequest {
  const { method, endpoint, input } = command;
  const collected = collect(command, given);
  const switches = Object.fromEntries(
    (input.flags ?? []).map((flag) => [flag.name, given.switches?.[flag.name] ?? flag.default]),
  );
  const inPath: Record<string, unknown> = { aid: given.aid, cid: given.cid, ...Object.fromEntries(collected) };
  const path = endpoint.replaceAll(/:(\w+)/g, (text, name: string) =>
    inPath[name] === undefined ? text : encodeURIComponent(String(inPath[name])),
  );
  const positional = input.fields.filter((field) => isPositional(command, field)).map(({ name }) => name);
  if (method === 'GET' || method === 'DELETE') {
    const query = [...[...collected].filter(([name]) => !positional.includes(name)), ...Object.entries(switches)];
    const search = new URLSearchParams(
      query.map(([name, value]): [string, string] => [name, inQuery(value)]),
    ).toString();
    return { method, path: search === '' ? path : `${path}?${search}` };
  }
  const sent = new Map([...collected].filter(([name]) => !endpoint.includes(`:${name}`)));
  const body = { ...nest(sent), ...(Object.keys(switches).length > 0 ? { flags: switches } : {}) };
  const declared = input.fields.some((field) => !isPositional(command, field));
  if (method === 'PATCH' && declared && Object.keys(body).length === 0) throw new Error('nothing to change is given');
  const merged = command.command === 'apps/update' ? `${path}?merge=true` : path;
  return { method, path: merged, ...(Object.keys(body).length > 0 ? { body: JSON.stringify(body) } : {}) };
}
