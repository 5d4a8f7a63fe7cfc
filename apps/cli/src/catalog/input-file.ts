import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { nestedValue, nestingError, parseNested } from '@runos/kernel';
import { CliError, usageError } from '../failure/cli-error.js';
import { readInput } from '../terminal/prompt.js';
import type { Terminal } from '../terminal/terminal.js';
import { type CatalogCommand, fieldsOf, flagsOf } from './catalog.js';
import { coercedValue } from './field-values.js';

/** The inputs of a YAML or JSON file; `-` is standard input. @throws CliError with the line of what is wrong */
export async function readInputFile(
  command: CatalogCommand,
  file: string,
  terminal: Terminal,
): Promise<ReadonlyMap<string, unknown>> {
  const { isMap, isScalar, LineCounter, parseDocument } = await import('yaml');
  const text =
    file === '-' || file === '/dev/stdin' ? await readInput(terminal) : readText(resolve(terminal.folder, file));
  const lines = new LineCounter();
  const document = ofNested(file, () => {
    const parsed = parseDocument(text, { lineCounter: lines });
    const exhausted = parsed.errors.find((error) => nestingError(error) !== error);
    if (exhausted !== undefined) throw exhausted;
    return parsed;
  });
  const lineAt = (offset: number | undefined) => (offset === undefined ? undefined : lines.linePos(offset).line);
  const [problem] = document.errors;
  if (problem !== undefined)
    throw usageError(`${problem.message.split('\n', 1)[0]}.`, { file, line: lineAt(problem.pos[0]) });
  const { contents } = document;
  if (contents === null) return new Map();
  if (!isMap(contents)) throw usageError('The file must be a map of inputs.', { file, line: 1 });
  const values = new Map<string, unknown>();
  for (const { key, value } of contents.items) {
    const line = isScalar(key) ? lineAt(key.range?.[0]) : undefined;
    const name = isScalar(key) ? String(key.value) : '';
    const toValue = () => (value as { toJS?: (of: typeof document) => unknown } | null)?.toJS?.(document) ?? null;
    const plain = ofNested(file, () => nestedValue(toValue));
    try {
      values.set(name, valueOf(command, name, plain));
    } catch (error) {
      if (error instanceof CliError) throw new CliError(error.message, { ...error.details, file, line });
      throw error;
    }
  }
  return values;
}

/** @throws CliError for a text that nests too deep, or whose aliases repeat too much */
function ofNested<T>(file: string, parse: () => T): T {
  try {
    return parseNested(parse);
  } catch (error) {
    throw usageError(`The file is no YAML: ${(error as Error).message}.`, { file });
  }
}

function valueOf(command: CatalogCommand, name: string, value: unknown): unknown {
  const field = fieldsOf(command).find((one) => one.name === name);
  if (field !== undefined) return coercedValue(field, value);
  const flag = flagsOf(command).find((one) => one.name === name);
  if (flag !== undefined) return coercedValue({ name, type: 'boolean' }, value);
  const known = [...fieldsOf(command), ...flagsOf(command)].map((one) => one.name);
  throw usageError(`There is no input "${name}".`, { field: name, remedy: `the inputs are ${known.join(', ')}` });
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw usageError(`Cannot read the file: ${(error as Error).message}.`, { file });
  }
}
