import { nameOf, type Report, type ReportedObject } from './report.js';

/** What keeps an instance from being as it should: a stable reason and a sentence that names the object and ends with what to do. */
export interface Trouble {
  readonly reason: string;
  readonly message: string;
}

const bad: ReadonlySet<string> = new Set(['failed', 'degraded', 'deleting', 'pending', 'applied']);

/** Nothing better is known: the person has to look at the object. */
const lookAt = ({ kind, name, namespace }: ReportedObject): string =>
  `look at it with: kubectl describe ${kind.toLowerCase()} ${name}${namespace === undefined ? '' : ` -n ${namespace}`}`;

function troubleOf(object: ReportedObject): Trouble {
  const { reason = 'NotReady', message = '', state } = object;
  const name = nameOf(object);
  if (message === '') return { reason, message: `${name} is ${state}: ${lookAt(object)}.` };
  return { reason, message: message.includes(object.name) ? message : `${name}: ${message}` };
}

/** Conditions that tell of something else than of getting there. */
const beside: ReadonlySet<string> = new Set(['Accepted', 'Drifted', 'Blocked', 'DataLost', 'Orphaned']);

/**
 * The worst of a report: an object that says what is wrong, else a condition that is not met, else an object that is
 * merely not ready; undefined when all is well. Objects come worst first.
 */
export function troubleIn(report: Pick<Report, 'objects' | 'conditions'>): Trouble | undefined {
  const notWell = report.objects.filter(({ state }) => bad.has(state));
  const explained = notWell.find(({ message }) => message !== undefined && message !== '');
  if (explained !== undefined) return troubleOf(explained);
  const unmet = report.conditions.find(
    ({ type, status, message }) => !beside.has(type) && status !== 'True' && message !== '',
  );
  if (unmet !== undefined) return { reason: unmet.reason, message: unmet.message };
  const [silent] = notWell;
  return silent && troubleOf(silent);
}
