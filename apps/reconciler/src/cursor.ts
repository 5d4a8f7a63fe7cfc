import { Fault } from '@runos/kernel';

/** The place in a list after a row, as text that means nothing to its bearer. */
export const writeCursor = (id: number): string => Buffer.from(`after:${id}`).toString('base64url');

/** @throws Fault `request.invalid` for anything that `writeCursor` did not write */
export function readCursor(cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined;
  const [, id] = /^after:(\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (id !== undefined) return Number(id);
  const message = 'is not a cursor of this list; take it from nextCursor, or leave it out';
  throw new Fault('request.invalid', `cursor "${cursor.slice(0, 40)}" ${message}`, {
    issues: [{ path: 'cursor', message }],
  });
}
