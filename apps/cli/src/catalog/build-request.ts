import { CliError, usageError } from '../failure/cli-error.js';
import type { ApiRequest } from '../http/api-client.js';
import { type CatalogCommand, fieldsOf, placeholderOf, placeholdersOf, positionalsOf } from './catalog.js';
import type { Inputs } from './command-inputs.js';
import { requestDeadlineMs } from './request-deadline.js';

/** The account and the cluster of a request. */
export interface Place {
  readonly aid: () => string;
  readonly cid: () => string;
}

/** The HTTP request of a command with these inputs. @throws CliError when a part of its path is missing */
export function buildRequest(command: CatalogCommand, inputs: Inputs, place: Place): ApiRequest {
  const { method, endpoint } = command;
  const path = pathOf(endpoint, inputs, place);
  const deadlineMs = requestDeadlineMs(command, inputs.values);
  const query = new URLSearchParams(command.command === 'apps/update' ? { merge: 'true' } : {});
  if (method === 'GET' || method === 'DELETE') {
    const inPath = new Set(positionalsOf(command).map(({ name }) => name));
    const sent = [...inputs.values].filter(([name]) => !inPath.has(name));
    for (const [name, value] of [...sent, ...inputs.flags]) query.set(name, queryText(value));
    return { method, path, query, deadlineMs };
  }
  const body = bodyOf(command, inputs);
  if (method === 'PATCH' && body === undefined && fieldsOf(command).some(({ name }) => !isIn(endpoint, name)))
    throw usageError('Nothing is changed: no input is given.', { remedy: 'add --help to see the inputs' });
  return { method, path, query, body, deadlineMs };
}

const isIn = (endpoint: string, name: string): boolean => placeholdersOf(endpoint).includes(name);

function pathOf(endpoint: string, { values }: Inputs, { aid, cid }: Place): string {
  const valueOf = (segment: string): string => {
    const name = placeholderOf(segment);
    if (name === undefined) return segment;
    const value = values.get(name) ?? (name === 'aid' ? aid() : name === 'cid' ? cid() : undefined);
    if (value === undefined || value === '') throw usageError(`${name} is missing.`, { field: name });
    return encodeURIComponent(queryText(value));
  };
  return endpoint.split('/').map(valueOf).join('/');
}

function queryText(value: unknown): string {
  if (Array.isArray(value)) return value.map(queryText).join(',');
  return typeof value === 'object' && value !== null
    ? JSON.stringify(value)
    : String(value as string | number | boolean);
}

/** undefined when nothing is sent. Dotted names nest, switches stand under `flags`. */
function bodyOf({ endpoint }: CatalogCommand, { values, flags }: Inputs): Record<string, unknown> | undefined {
  const body: Record<string, unknown> = {};
  for (const [name, value] of values) if (!isIn(endpoint, name)) nest(body, name.split('.'), value);
  if (flags.size > 0) body['flags'] = Object.fromEntries(flags);
  return Object.keys(body).length === 0 ? undefined : body;
}

function nest(target: Record<string, unknown>, [first = '', ...rest]: readonly string[], value: unknown): void {
  if (first === '__proto__') throw new CliError('The list of commands has an input that cannot be sent.');
  if (rest.length === 0) {
    target[first] = value;
    return;
  }
  const inner = (target[first] ??= {}) as Record<string, unknown>;
  nest(inner, rest, value);
}
