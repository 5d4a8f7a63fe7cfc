import { usageError } from '../failure/cli-error.js';
import { type CatalogCommand, type CatalogField, fieldsOf, flagsOf, isPositional, positionalsOf } from './catalog.js';
import { flagName } from './command-options.js';
import { fieldValue } from './field-values.js';

/** What the user gave. */
export interface GivenInputs {
  /** Texts of options by the name of the input; true and false of switches. */
  readonly options: ReadonlyMap<string, readonly string[] | boolean>;
  readonly arguments: readonly string[];
  readonly file?: ReadonlyMap<string, unknown>;
}

/** Values that hold where the user gives none, besides the defaults of the catalog. */
export type Presets = Readonly<Record<string, unknown>>;

/** The values of a request. */
export interface Inputs {
  readonly values: ReadonlyMap<string, unknown>;
  /** All switches, also those at their default. */
  readonly flags: ReadonlyMap<string, boolean>;
}

/** Defaults, then the file, then options, then arguments. @throws CliError when a required input is missing or one is wrong */
export function collectInputs(command: CatalogCommand, given: GivenInputs, presets: Presets = {}): Inputs {
  const { options, file = new Map<string, unknown>() } = given;
  const flags = new Map<string, boolean>();
  for (const flag of flagsOf(command)) {
    const value = options.get(flag.name) ?? file.get(flag.name) ?? flag.default ?? false;
    flags.set(flag.name, value === true);
  }
  const values = new Map<string, unknown>();
  const positionals = positionalsOf(command);
  for (const field of fieldsOf(command)) {
    const argument = given.arguments[positionals.indexOf(field)];
    const value = valueOf(command, field, argument, options.get(field.name), file) ?? presets[field.name];
    if (value !== undefined) values.set(field.name, value);
  }
  const missing = fieldsOf(command).find((field) => isMissing(command, field, values.get(field.name)));
  if (missing !== undefined) throw missingInput(command, missing);
  return { values, flags };
}

function valueOf(
  command: CatalogCommand,
  field: CatalogField,
  argument: string | undefined,
  option: readonly string[] | boolean | undefined,
  file: ReadonlyMap<string, unknown>,
): unknown {
  if (argument !== undefined) return fieldValue(field, [argument]);
  if (typeof option === 'boolean') return option;
  if (option !== undefined) return fieldValue(field, option);
  if (file.has(field.name)) return file.get(field.name);
  return isPositional(command, field) ? undefined : (field.default ?? undefined);
}

/** The id of the cluster may also be the chosen one. */
function isMissing(command: CatalogCommand, field: CatalogField, value: unknown): boolean {
  if (field.required !== true || (isPositional(command, field) && field.name === 'cid')) return false;
  return value === undefined || (value === '' && field.allowEmpty !== true);
}

function missingInput(command: CatalogCommand, field: CatalogField) {
  const { name, description } = field;
  const isArgument = isPositional(command, field);
  const remedy = isArgument ? `give it as argument <${name}>` : `add --${flagName(name)} ${field.type.toUpperCase()}`;
  const about = description === undefined ? '' : ` (${description})`;
  return usageError(`${name} is missing${about.replace(/\.\)$/, ')')}.`, { field: name, remedy });
}
