import { nameOf, type Report, type ReportedObject } from '../status/report.js';
import { troubleIn } from '../status/trouble.js';
import type { JobKind, Step } from './work-items.js';

export type LogLevel = 'info' | 'warn' | 'error';
export interface LogLine {
  readonly step: Step;
  readonly level: LogLevel;
  readonly message: string;
}

/** The last words said about each object, so that only a change of state makes a line. */
export type SeenObjects = Readonly<Record<string, string>>;

/** What a report means for the job that waits for it. */
export interface JobNews {
  readonly step: Step;
  readonly progress: string;
  readonly reason: string | null;
  readonly logs: readonly LogLine[];
  readonly seen: SeenObjects;
  /** The job has what it was made for. */
  readonly done: boolean;
}

/** Objects whose message matters as much as their state: the names of finalizers and missing images are in it. */
const telling: ReadonlySet<string> = new Set(['failed', 'degraded', 'deleting']);
const wordsKept = 300;

export function jobNews(kind: JobKind, report: Report, seen: SeenObjects): JobNews {
  const step = stepOf(kind, report);
  const said = { ...seen };
  const logs: LogLine[] = [];
  const say = (key: string, state: string, line: Omit<LogLine, 'step'>) => {
    if (said[key] === state) return;
    said[key] = state;
    logs.push({ step, ...line });
  };
  for (const object of report.objects) say(keyOf(object), stateOf(object), lineOf(object));
  for (const { type, status, reason, message } of report.conditions) {
    // The rest is told by the objects; what holds up a deletion or a whole bundle only a condition knows.
    const alone = status !== 'True' && message !== '' && (report.phase === 'failed' || kind === 'delete');
    if (alone) say(`condition ${type}`, `${reason} ${message.slice(0, wordsKept)}`, { level: 'warn', message });
  }
  const done = kind === 'delete' ? report.phase === 'gone' : report.phase === 'ready';
  return { step, progress: progressOf(report), reason: troubleIn(report)?.reason ?? null, logs, seen: said, done };
}

function stepOf(kind: JobKind, report: Report): Step {
  if (kind === 'delete') return report.phase === 'gone' ? 'confirm-gone' : 'remove';
  const applied = report.conditions.some(({ type, status }) => type === 'Applied' && status === 'True');
  return applied || report.phase === 'applied' || report.phase === 'ready' || report.phase === 'degraded'
    ? 'wait-ready'
    : 'apply';
}

const keyOf = ({ kind, namespace, name }: ReportedObject): string => `${kind}/${namespace ?? ''}/${name}`;

const stateOf = ({ state, reason, message }: ReportedObject): string =>
  `${state} ${reason ?? ''} ${telling.has(state) ? (message ?? '').slice(0, wordsKept) : ''}`;

function lineOf(object: ReportedObject): Omit<LogLine, 'step'> {
  const level = object.state === 'failed' ? 'error' : object.state === 'degraded' ? 'warn' : 'info';
  const why = [object.reason, object.message].filter((text) => text !== undefined && text !== '').join(': ');
  return { level, message: `${nameOf(object)}: ${object.state}${why === '' ? '' : ` (${why})`}` };
}

function progressOf({ phase, objects }: Report): string {
  if (phase === 'deleting' || phase === 'gone') {
    const left = objects.filter(({ state }) => state !== 'gone').length;
    return left === 0 ? 'removing' : `removing, ${left} ${left === 1 ? 'object' : 'objects'} left`;
  }
  const ready = objects.filter(({ state }) => state === 'ready').length;
  return objects.length === 0 ? phase : `${ready} of ${objects.length} objects ready`;
}
