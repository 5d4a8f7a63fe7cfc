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
  const said = object.message === undefined || object.message === '' ? undefined : object.message;
  return {
    reason: object.reason ?? 'NotReady',
    message: `${nameOf(object)} is ${object.state}: ${said ?? `${lookAt(object)}.`}`,
  };
}

/** The worst of a report: its first object that is not well, else a condition that is not met; undefined when all is. */
export function troubleIn(report: Pick<Report, 'objects' | 'conditions'>): Trouble | undefined {
  const explained = report.objects.find((object) => bad.has(object.state) && object.message);
  const object = explained ?? report.objects.find(({ state }) => bad.has(state));
  const unmet = report.conditions.find(
    ({ type, status, message }) => type !== 'Drifted' && status !== 'True' && message !== '',
  );
  if (object?.state === 'failed' || object?.state === 'degraded') return troubleOf(object);
  if (unmet !== undefined) return { reason: unmet.reason, message: unmet.message };
  return object && troubleOf(object);
}
