/** Levels of a text from outside; no object of Kubernetes and no file of RunOS nests so deep. */
const maxNesting = 100;

const tooDeep = `it nests deeper than ${maxNesting} levels`;

/** The error of a text whose nesting has exhausted the stack, as V8 or the parser of YAML reports it; others as they are. */
export function nestingError(error: unknown): unknown {
  const { code } = Object(error) as { readonly code?: unknown };
  const isExhausted = error instanceof RangeError || code === 'RESOURCE_EXHAUSTION';
  return isExhausted ? new Error(tooDeep, { cause: error }) : error;
}

/**
 * What `parse` returns. Parsers of YAML call themselves for each level, so that a deep text exhausts the stack.
 * @throws Error that names the limit instead of the stack
 */
export function parseNested<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw nestingError(error);
  }
}

/** The value of a parsed text. @throws Error as `parseNested`, also for one that nests deeper than texts from outside may */
export function nestedValue<T>(toValue: () => T): T {
  return parseNested(() => {
    const value = toValue();
    refuseTooDeep(value);
    return value;
  });
}

function refuseTooDeep(value: unknown, left = maxNesting): void {
  if (typeof value !== 'object' || value === null) return;
  if (left === 0) throw new Error(tooDeep);
  for (const inner of Object.values(value)) refuseTooDeep(inner, left - 1);
}
