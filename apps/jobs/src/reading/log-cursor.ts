import { Fault } from '@runos/kernel';

/** Positions have a fixed width, so that they grow as texts too. */
const width = 15;

export const printPosition = (position: number): string => String(position).padStart(width, '0');

/** @throws Fault `request.invalid` for a text that is no position of a log */
export function parsePosition(after: string): number {
  if (/^\d{1,15}$/.test(after)) return Number(after);
  const message = `${JSON.stringify(after)} is not the nextCursor or the id of a log line`;
  throw new Fault('request.invalid', `after: ${message}; leave it out to begin at the first.`, {
    issues: [{ path: 'after', message }],
  });
}
