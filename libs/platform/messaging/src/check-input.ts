import { Fault, type Issue } from '@runos/kernel';
import type { z } from 'zod';

/** The input as its schema understands it. @throws Fault `request.invalid` with every issue */
export function checkInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const read = schema.safeParse(input);
  if (read.success) return read.data;
  const issues = read.error.issues.map(issueOf);
  throw new Fault('request.invalid', issues.map(({ path, message }) => `${path || 'input'}: ${message}`).join('; '), {
    issues,
  });
}

/** `['values', 0, 'a b']` → `values[0].a b` */
function issueOf({ path, message }: z.core.$ZodIssue): Issue {
  const text = path.reduce<string>(
    (before, part) => (typeof part === 'number' ? `${before}[${part}]` : `${before}${before && '.'}${String(part)}`),
    '',
  );
  return { path: text, message };
}
