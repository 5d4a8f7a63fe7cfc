import { usageError } from '../failure/cli-error.js';
import type { CatalogField } from './catalog.js';
import { flagName } from './command-options.js';

/** The value of an input from the texts of its option: several where the option is repeated. @throws CliError if it is none */
export function fieldValue(field: CatalogField, texts: readonly string[]): unknown {
  if (field.type === 'array') return listValue(field, texts);
  if (field.type === 'object') return objectValue(field, texts);
  return checked(field, scalarValue(field, texts.at(-1) ?? ''));
}

/** A value of a file in the type of its input. @throws CliError if it is none of that type */
export function coercedValue(field: CatalogField, value: unknown): unknown {
  if (field.type === 'string' && ['number', 'boolean'].includes(typeof value)) return checked(field, String(value));
  if (typeof value === 'string') return fieldValue(field, [value]);
  const isRight = {
    integer: Number.isSafeInteger(value),
    number: typeof value === 'number',
    boolean: typeof value === 'boolean',
    array: Array.isArray(value),
    object: typeof value === 'object' && value !== null && !Array.isArray(value),
  }[field.type];
  if (isRight === false || (field.type === 'string' && value !== null))
    throw invalid(field, `must be of type ${field.type}`);
  return typeof value === 'number' ? checked(field, value) : value;
}

function scalarValue(field: CatalogField, text: string): unknown {
  if (field.type === 'boolean') {
    if (text === 'true' || text === 'false') return text === 'true';
    throw invalid(field, `must be true or false, not "${text}"`);
  }
  if (field.type !== 'integer' && field.type !== 'number') return text;
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value)) throw invalid(field, `must be a number, not "${text}"`);
  return value;
}

function checked(field: CatalogField, value: unknown): unknown {
  if (field.type === 'integer') {
    const least = field.name === 'limit' ? 1 : 0;
    if (!Number.isSafeInteger(value) || (value as number) < least)
      throw invalid(field, `must be a whole number of at least ${least}, not ${String(value)}`);
  }
  if (field.enum !== undefined && !field.enum.includes(String(value)))
    throw invalid(field, `must be one of ${field.enum.join(', ')}, not "${String(value)}"`);
  return value;
}

function listValue(field: CatalogField, texts: readonly string[]): readonly unknown[] {
  if (field.itemType === 'string') return single(texts) ?? texts;
  const parsed = texts.map(parsedJson);
  const [only] = parsed;
  if (parsed.length === 1 && Array.isArray(only)) return only;
  if (parsed.every((one) => one !== undefined)) return parsed;
  if (field.format === 'key_value') return texts.map(keyValue);
  if (field.itemType === 'object') throw invalid(field, 'must be JSON objects');
  return texts;
}

/** One JSON array of strings in a single text. */
function single(texts: readonly string[]): readonly string[] | undefined {
  const value = texts.length === 1 ? parsedJson(texts[0] ?? '') : undefined;
  return Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : undefined;
}

function keyValue(text: string): { readonly key: string; readonly value?: string } {
  const at = text.indexOf(':');
  return at < 0 ? { key: text } : { key: text.slice(0, at), value: text.slice(at + 1) };
}

function objectValue(field: CatalogField, texts: readonly string[]): Readonly<Record<string, unknown>> {
  const whole = texts.length === 1 ? parsedJson(texts[0] ?? '') : undefined;
  if (typeof whole === 'object' && whole !== null && !Array.isArray(whole)) return whole as Record<string, unknown>;
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf('=');
      if (at < 1) throw invalid(field, `must be key=value or a JSON object, not "${text}"`);
      return [text.slice(0, at), entryValue(field, text.slice(at + 1))];
    }),
  );
}

function entryValue(field: CatalogField, text: string): unknown {
  if (field.valueType === undefined || field.valueType === 'string') return text;
  const value = parsedJson(text);
  if (value === undefined) throw invalid(field, `has the value "${text}", which is not JSON`);
  return value;
}

/** undefined for what is no JSON. */
function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const invalid = ({ name }: CatalogField, problem: string) =>
  usageError(`--${flagName(name)} ${problem}.`, { field: name });
