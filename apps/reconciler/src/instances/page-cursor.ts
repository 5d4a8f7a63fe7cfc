import { Fault } from '@runos/kernel';

/** An opaque cursor: the page starts after the row with this id. */
const writeCursor = (id: number): string => Buffer.from(`after:${id}`).toString('base64url');

/** @throws Fault `request.invalid` for a cursor that `writeCursor` did not write */
export function readCursor(cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined;
  const [, id] = /^after:(\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (id !== undefined) return Number(id);
  const message = 'is not a cursor of this list; take it from nextCursor, or leave it out';
  throw new Fault('request.invalid', `cursor "${cursor.slice(0, 40)}" ${message}`, {
    issues: [{ path: 'cursor', message }],
  });
}

/** The rows of a page that was read with one row more than its limit, and the cursor of the next page. */
export function pageOf<Row extends { readonly id: number }>(
  rows: readonly Row[],
  limit: number,
): { readonly page: Row[]; readonly nextCursor: string | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { page, nextCursor: rows.length > page.length && last !== undefined ? writeCursor(last.id) : null };
}
