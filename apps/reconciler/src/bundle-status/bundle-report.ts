import type { BundleStatus, objectState, ReadBodyOf } from '@runos/agent-protocol';
import type { z } from 'zod';

/** The status of one instance as its cluster agent reports it. */
export type BundleReport = Omit<ReadBodyOf<typeof BundleStatus>, 'sequence'>;
export type ReportedObject = z.output<typeof objectState>;

/** `StatefulSet valkey-3f9k2`: an object in messages; its namespace is that of the instance. */
export const objectName = ({ kind, name }: { readonly kind: string; readonly name: string }): string =>
  `${kind} ${name}`;

/** Why an instance is not healthy: a stable reason, and a message with the object and the remedy. */
export interface InstanceProblem {
  readonly reason: string;
  readonly message: string;
  /** The last lines that a container logged before it ended. */
  readonly log?: readonly string[];
}

const unreadyStates: ReadonlySet<string> = new Set(['failed', 'degraded', 'deleting', 'pending', 'applied']);

/** The remedy for an object without a message. */
const describeCommand = ({ kind, name, namespace }: ReportedObject): string =>
  `look at it with: kubectl describe ${kind.toLowerCase()} ${name}${namespace === undefined ? '' : ` -n ${namespace}`}`;

function problemOf(object: ReportedObject): InstanceProblem {
  const { reason = 'NotReady', message = '', state, log } = object;
  const name = objectName(object);
  if (message === '') return { reason, message: `${name} is ${state}: ${describeCommand(object)}.` };
  return { reason, message: message.includes(object.name) ? message : `${name}: ${message}`, ...(log && { log }) };
}

/** Conditions that do not explain why an instance is not ready. */
const unrelatedConditions: ReadonlySet<string> = new Set(['Accepted', 'Drifted', 'Blocked', 'DataLost', 'Orphaned']);

/**
 * The most serious problem of a report: an object with a message, else an unmet condition, else an unready object.
 * Undefined for a report without problems. Reports list their objects in order of severity.
 */
export function findProblem(report: Pick<BundleReport, 'objects' | 'conditions'>): InstanceProblem | undefined {
  const unready = report.objects.filter(({ state }) => unreadyStates.has(state));
  const explained = unready.find(({ message }) => message !== undefined && message !== '');
  if (explained !== undefined) return problemOf(explained);
  const unmet = report.conditions.find(
    ({ type, status, message }) => !unrelatedConditions.has(type) && status !== 'True' && message !== '',
  );
  if (unmet !== undefined) return { reason: unmet.reason, message: unmet.message };
  const [first] = unready;
  return first && problemOf(first);
}
