import { isDeepStrictEqual } from 'node:util';

/** One comparison of a row. */
export interface Finding {
  readonly what: string;
  readonly seen: string;
  readonly right: string;
  readonly isRight: boolean;
}

const print = (value: unknown): string =>
  value instanceof RegExp ? String(value) : typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing');

const matches = (seen: unknown, right: unknown): boolean =>
  right instanceof RegExp ? right.test(print(seen)) : isDeepStrictEqual(seen, right);

/** What was seen in one row, compared with what is right. */
export class RowResult {
  readonly findings: Finding[] = [];

  /** `right`: the value, or a pattern of its text. */
  compare(what: string, seen: unknown, right: unknown): void {
    this.findings.push({ what, seen: print(seen), right: print(right), isRight: matches(seen, right) });
  }

  /** The row ended before all of it was seen. */
  fail(cause: unknown): void {
    const seen = cause instanceof Error ? cause.message : String(cause);
    this.findings.push({ what: 'the row', seen, right: 'it ends', isRight: false });
  }

  /** A row without a comparison proves nothing. */
  get isRight(): boolean {
    return this.findings.length > 0 && this.findings.every(({ isRight }) => isRight);
  }
}
