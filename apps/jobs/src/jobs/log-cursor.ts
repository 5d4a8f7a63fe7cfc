import { Fault } from '@runos/kernel';

/** Fixed width, so that cursors also sort as text. */
const width = 15;

export const encodeLogCursor = (position: number): string => String(position).padStart(width, '0');

/** @throws Fault `request.invalid` for an invalid cursor */
export function parseLogCursor(after: string): number {
  if (/^\d{1,15}$/.test(after)) return Number(after);
  const message = `${JSON.stringify(after)} is not the nextCursor or the id of a log line`;
  throw new Fault('request.invalid', `after: ${message}; leave it out to start at the first line.`, {
    issues: [{ path: 'after', message }],
  });
}
