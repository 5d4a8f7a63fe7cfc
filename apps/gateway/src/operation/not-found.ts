import { Fault, type FaultCode } from '@runos/kernel';

/** Longer values are truncated in messages. */
const maxShownLength = 64;

/** The fault for a path parameter without a resource: the same message for missing and for foreign resources. */
export function notFound(code: FaultCode, value: string, path: Readonly<Record<string, unknown>>): Fault {
  const noun = code.slice(0, code.indexOf('.'));
  const name = `${noun.charAt(0).toUpperCase()}${noun.slice(1)} '${value.slice(0, maxShownLength)}'`;
  const where = code === 'cluster.not_found' && path.aid !== undefined ? ` in account '${String(path.aid)}'` : '';
  return new Fault(code, `${name} not found${where}.`);
}
