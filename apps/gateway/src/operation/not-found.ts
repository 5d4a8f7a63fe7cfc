import { Fault, type FaultCode } from '@runos/kernel';

/** Longer values are cut in messages. */
const shown = 64;

/** What a name in a path that leads nowhere is answered with, whatever the reason: the same words for all. */
export function notFound(code: FaultCode, value: string, path: Readonly<Record<string, unknown>>): Fault {
  const thing = code.split('.')[0];
  const name = `${thing[0].toUpperCase()}${thing.slice(1)} '${value.slice(0, shown)}'`;
  const where = code === 'cluster.not_found' && path.aid !== undefined ? ` in account '${String(path.aid)}'` : '';
  return new Fault(code, `${name} not found${where}.`);
}
