import { type BundleReport, findProblem, objectName, type ReportedObject } from '../bundle-status/bundle-report.js';
import type { LoggedStates } from '../schema/job-row.js';
import type { JobKind, LogLine, Step } from './work-items.js';

/** The progress of a job according to a report. */
export interface ReportProgress {
  readonly step: Step;
  readonly progress: string;
  readonly reason: string | null;
  readonly logs: readonly LogLine[];
  readonly loggedStates: LoggedStates;
  /** The job has reached its goal. */
  readonly done: boolean;
}

/** Their messages matter as much as their state: they name finalizers and missing images. */
const statesWithMessage: ReadonlySet<string> = new Set(['failed', 'degraded', 'deleting']);
const keptMessageLength = 300;
/** Lines that reports may add to the log of one job, and the length of each, characters: at most 2 MB per job. */
const maxLines = 2_000;
const maxLineLength = 1_000;
/** The number of these lines among the logged states; an object's key contains slashes. */
const countKey = 'lines';

/** Logs each object and condition whose state differs from its last log line. */
export function reportProgress(kind: JobKind, report: BundleReport, logged: LoggedStates): ReportProgress {
  const step = stepOf(kind, report);
  const loggedStates: Record<string, string> = { ...logged };
  const logs: LogLine[] = [];
  const logChange = (key: string, state: string, line: Omit<LogLine, 'step'>) => {
    const count = Number(loggedStates[countKey] ?? 0);
    if (loggedStates[key] === state || count >= maxLines) return;
    loggedStates[key] = state;
    loggedStates[countKey] = String(count + 1);
    const message = count + 1 === maxLines ? 'Further changes of objects are not logged.' : line.message;
    logs.push({ step, level: line.level, message: message.slice(0, maxLineLength) });
  };
  for (const object of worstOfEach(report.objects)) logChange(keyOf(object), stateOf(object), lineOf(object));
  for (const { type, status, reason, message } of report.conditions) {
    // Objects explain the rest; only a condition explains why a deletion or a whole bundle is blocked.
    const explains = status !== 'True' && message !== '' && (report.phase === 'failed' || kind === 'delete');
    if (!explains) continue;
    logChange(`condition ${type}`, `${reason} ${message.slice(0, keptMessageLength)}`, { level: 'warn', message });
  }
  const done = kind === 'delete' ? report.phase === 'gone' : report.phase === 'ready';
  return { step, progress: progressOf(report), reason: findProblem(report)?.reason ?? null, logs, loggedStates, done };
}

function stepOf(kind: JobKind, report: BundleReport): Step {
  if (kind === 'delete') return report.phase === 'gone' ? 'confirm-gone' : 'remove';
  const isApplied = report.conditions.some(({ type, status }) => type === 'Applied' && status === 'True');
  return isApplied || report.phase === 'applied' || report.phase === 'ready' || report.phase === 'degraded'
    ? 'wait-ready'
    : 'apply';
}

/** Older agents report an object twice: as it is, and as what explains it. The worst comes first. */
const worstOfEach = (objects: BundleReport['objects']): BundleReport['objects'] =>
  objects.filter((object, index) => objects.findIndex((other) => keyOf(other) === keyOf(object)) === index);

const keyOf = ({ kind, namespace, name }: ReportedObject): string => `${kind}/${namespace ?? ''}/${name}`;

const stateOf = ({ state, reason, message }: ReportedObject): string =>
  `${state} ${reason ?? ''} ${statesWithMessage.has(state) ? (message ?? '').slice(0, keptMessageLength) : ''}`;

function lineOf(object: ReportedObject): Omit<LogLine, 'step'> {
  const level = object.state === 'failed' ? 'error' : object.state === 'degraded' ? 'warn' : 'info';
  const cause = [object.reason, object.message].filter((text) => text !== undefined && text !== '').join(': ');
  return { level, message: `${objectName(object)}: ${object.state}${cause === '' ? '' : ` (${cause})`}` };
}

function progressOf({ phase, objects }: BundleReport): string {
  if (phase === 'deleting' || phase === 'gone') {
    const left = objects.filter(({ state }) => state !== 'gone').length;
    return left === 0 ? 'removing' : `removing, ${left} ${left === 1 ? 'object' : 'objects'} left`;
  }
  const ready = objects.filter(({ state }) => state === 'ready').length;
  return objects.length === 0 ? phase : `${ready} of ${objects.length} objects ready`;
}
