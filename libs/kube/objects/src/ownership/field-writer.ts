import { covers, type FieldPattern, parseFieldPattern } from './field-pattern.js';
import type { FieldPath } from './field-path.js';

/** Another field manager that the user allows to write fields of the objects of a kind. */
export interface FieldWriter {
  readonly manager: string;
  /** `StatefulSet`. */
  readonly kind: string;
  /** Patterns, as `parseFieldPattern` reads them. */
  readonly fields: readonly string[];
}

/** The fields of one kind that are left to others. */
export interface LeftFields {
  readonly patterns: readonly FieldPattern[];
  /** True if this manager may write this field. */
  allows(manager: string, path: FieldPath): boolean;
}

/** The fields of a kind that are left to these writers. Patterns of another form are ignored. */
export function leftFieldsOf(kind: string, writers: readonly FieldWriter[]): LeftFields {
  const own = writers
    .filter((writer) => writer.kind === kind)
    .map(({ manager, fields }) => ({ manager, patterns: fields.flatMap((field) => patternsOf(field)) }));
  return {
    patterns: own.flatMap(({ patterns }) => patterns),
    allows: (manager, path) =>
      own.some((writer) => writer.manager === manager && writer.patterns.some((pattern) => covers(pattern, path))),
  };
}

function patternsOf(field: string): FieldPattern[] {
  const pattern = parseFieldPattern(field);
  return pattern === undefined ? [] : [pattern];
}
