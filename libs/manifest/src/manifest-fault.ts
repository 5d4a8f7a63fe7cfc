import { Fault, type Issue } from '@runos/kernel';

/** An issue of a file and its place. */
export interface FileIssue extends Issue {
  /** From 1. */
  readonly line: number;
  /** From 1, in characters. */
  readonly column: number;
}

/** The fault `manifest.invalid` with all issues of a file; its message is the first one with its place. */
export function manifestFault(fileName: string, issues: readonly FileIssue[]): Fault {
  const [first] = issues;
  const place = first === undefined ? fileName : `${fileName}:${first.line}:${first.column}`;
  const subject = first?.path ? `${first.path} ` : '';
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  const text = `${place}: ${subject}${first?.message ?? 'is invalid'}${more}`;
  return new Fault('manifest.invalid', /[.?]$/.test(text) ? text : `${text}.`, { issues });
}

/** The fault `manifest.invalid` for a field whose place in the text does not matter. */
export const fileFault = (path: string, message: string): Fault =>
  new Fault('manifest.invalid', `${path} ${message}.`, { issues: [{ path, message }] });
