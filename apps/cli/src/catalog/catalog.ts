import { CliError } from '../failure/cli-error.js';

/** One input of a command. Dots in the name nest in bodies. */
export interface CatalogField {
  readonly name: string;
  readonly type: string;
  readonly description?: string;
  readonly required?: boolean;
  /** Sent when the user gives nothing. */
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly positional?: boolean;
  /** A required string may be given as "". */
  readonly allowEmpty?: boolean;
  /** Of each item of an array. */
  readonly itemType?: string;
  readonly itemFields?: readonly CatalogField[];
  /** Of each value of an object. */
  readonly valueType?: string;
  readonly valueFields?: readonly CatalogField[];
  /** An update can remove the value. */
  readonly clearable?: boolean;
}

/** A boolean switch. */
export interface CatalogFlag {
  readonly name: string;
  readonly description?: string;
  readonly default?: boolean;
}

interface OutputField {
  readonly name: string;
}

/** A command that the server offers: its words, its inputs and its request. */
export interface CatalogCommand {
  /** Words between slashes; `{id}` is a placeholder. */
  readonly command: string;
  readonly description?: string;
  /** A path with `:name` or `{name}` for values. */
  readonly endpoint: string;
  readonly method: string;
  /** The levels of tools that it belongs to; absent: it is no tool. */
  readonly mcp?: readonly string[];
  readonly returnsJob?: boolean;
  readonly input?: { readonly fields?: readonly CatalogField[]; readonly flags?: readonly CatalogFlag[] };
  readonly output?: { readonly type?: string; readonly fields?: readonly (string | OutputField)[] };
}

/** All commands that the server offers to an account. */
export interface Catalog {
  readonly version: string;
  readonly commands: readonly CatalogCommand[];
}

/** @throws CliError for what is no catalog. Unknown keys are ignored. */
export function catalogOf(document: unknown, source: string): Catalog {
  const { version, commands } = (document ?? {}) as Partial<Catalog>;
  const isCatalog =
    typeof version === 'string' &&
    Array.isArray(commands) &&
    commands.every(({ command, endpoint, method }: Partial<CatalogCommand>) =>
      [command, endpoint, method].every((one) => typeof one === 'string'),
    );
  if (isCatalog) return document as Catalog;
  throw new CliError(`${source} holds no list of commands.`, {
    code: 'catalog.invalid',
    remedy: 'runos manifest update',
  });
}

/** The name in a segment `:name` or `{name}` of a path; undefined for other segments. */
export function placeholderOf(segment: string): string | undefined {
  if (segment.startsWith(':')) return segment.slice(1);
  return segment.startsWith('{') && segment.endsWith('}') ? segment.slice(1, -1) : undefined;
}

/** Names of placeholders in a path. */
export const placeholdersOf = (path: string): readonly string[] =>
  path.split('/').flatMap((segment) => placeholderOf(segment) ?? []);

export const fieldsOf = ({ input }: CatalogCommand): readonly CatalogField[] => input?.fields ?? [];
export const flagsOf = ({ input }: CatalogCommand): readonly CatalogFlag[] => input?.flags ?? [];
export const isPositional = (command: CatalogCommand, { name, positional }: CatalogField): boolean =>
  positional === true || placeholdersOf(command.command).includes(name);
export const positionalsOf = (command: CatalogCommand): readonly CatalogField[] =>
  fieldsOf(command).filter((field) => isPositional(command, field));
export const outputFieldsOf = ({ output }: CatalogCommand): readonly string[] =>
  (output?.fields ?? []).map((field) => (typeof field === 'string' ? field : field.name));
export const needsCluster = ({ endpoint }: CatalogCommand): boolean => placeholdersOf(endpoint).includes('cid');
