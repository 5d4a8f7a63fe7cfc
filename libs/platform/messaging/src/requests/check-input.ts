import { Fault, type Issue, issuePath } from '@runos/kernel';
import type { z } from 'zod';

/**
 * The input parsed by its schema.
 * @throws Fault `request.invalid` with every issue
 */
export function checkInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const issues = issuesOf(parsed.error);
  throw new Fault('request.invalid', issues.map(({ path, message }) => `${path || 'input'}: ${message}`).join('; '), {
    issues,
  });
}

/** Every issue of a schema with the path of its field; an unknown field has its own path, and so has a refused key. */
export const issuesOf = (error: Pick<z.core.$ZodError, 'issues'>): Issue[] =>
  error.issues.flatMap((issue) => {
    switch (issue.code) {
      case 'unrecognized_keys':
        return issue.keys.map((key) => issueAt([...issue.path, key], 'is not a field here'));
      case 'invalid_key':
        return issue.issues.map(({ message }) => issueAt(issue.path, message));
      default:
        return [issueAt(issue.path, issue.message)];
    }
  });

const issueAt = (path: readonly PropertyKey[], message: string): Issue => ({ path: issuePath(path), message });
