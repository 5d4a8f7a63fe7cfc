import type { Condition } from '@runos/kernel';
import { kindCatalog } from '@runos/service-types';
import { createHash } from 'node:crypto';
import { dataAtRisk } from '../revisions/data-loss-guard.js';
import { type BundleReport, objectName } from './bundle-report.js';
import type { StateChange } from './state-change.js';

/** An event of an instance. A repeated report has the same `key`. */
export interface InstanceEvent {
  readonly key: string;
  readonly at: string;
  readonly type: string;
  readonly object: { apiVersion: string; kind: string; name: string } | null;
  readonly fields: readonly string[];
  readonly manager: string | null;
  readonly message: string;
}

type Drift = NonNullable<BundleReport['drift']>[number];

const eventTypes: Readonly<Record<Drift['action'], string>> = {
  repaired: 'DriftRepaired',
  recreated: 'ObjectRecreated',
  reported: 'DriftReported',
  contested: 'DriftContested',
  failed: 'RepairFailed',
  reclaimed: 'OwnershipReclaimed',
  shared: 'OwnershipShared',
  added: 'FieldsAdded',
  unrecognised: 'Drifted',
};

/** The shown fields of an event, and those in its message. A Kubernetes path longer than the limit is cut, characters. */
const maxFields = 10;
const maxNamedFields = 5;
const maxTextLength = 100;
const maxMessageLength = 1_000;

const cut = (text: string): string => (text.length <= maxTextLength ? text : `${text.slice(0, maxTextLength - 1)}…`);

const boundedList = (texts: readonly string[], max: number): string[] => {
  const shown = texts.slice(0, max).map(cut);
  return texts.length <= max ? shown : [...shown, `and ${texts.length - max} more`];
};

/** The drift of a report as events, each of at most 3 KB: the drifted fields, their manager, and the repair. */
export const driftEvents = (type: string, report: BundleReport): InstanceEvent[] =>
  (report.drift ?? []).map((drift) => driftEvent(type, drift));

function driftEvent(type: string, drift: Drift): InstanceEvent {
  const { object, fields, at, action } = drift;
  const manager = drift.manager ?? null;
  const dataLost = action === 'recreated' && kindCatalog(type).kindOf(object).holdsData;
  const { apiVersion, kind, name } = object;
  return {
    key: hash([apiVersion, kind, object.namespace ?? '', name, at, action, manager ?? '', ...fields]),
    at: new Date(at).toISOString(),
    type: dataLost ? 'DataLost' : eventTypes[action],
    object: { apiVersion, kind, name },
    fields: boundedList(fields, maxFields),
    manager: manager && cut(manager),
    message: driftMessage({ ...drift, manager: manager && cut(manager) }, dataLost).slice(0, maxMessageLength),
  };
}

/** The API server takes the field from us in these cases, and gives it to no one. */
const noManager = ' (Kubernetes records none for a removal and for a scaling to 0)';

function driftMessage({ object, fields, manager, action, removed, cause }: Drift, dataLost: boolean): string {
  const name = objectName(object);
  if (dataLost) return `${name} was deleted and recreated empty: its data is lost. Restore it from a backup.`;
  const named = boundedList(fields, maxNamedFields).join(', ');
  const change =
    fields.length === 0
      ? `${name} was ${action === 'failed' ? 'changed' : 'deleted'}${manager ? ` by ${manager}` : ''}`
      : `${manager ?? 'An unknown field manager'} ${removed ? 'removed' : 'changed'} ${named} of ${name}${manager || removed ? '' : noManager}`;
  switch (action) {
    case 'repaired':
    case 'recreated':
      return fields.length === 0 ? `${change} and recreated.` : `${change}; it was repaired.`;
    case 'contested':
      return `${change} repeatedly; repairs are delayed. Stop that manager, or set the drift policy to report.`;
    case 'reported':
      return `${change}; the drift policy only reports it.`;
    case 'failed':
      return `${change}; the repair failed${cause === undefined ? '.' : `: ${cause}`}`;
    case 'reclaimed':
      return `${manager} owned ${named} of ${name} too, with the same values; only RunOS owns them now.`;
    case 'shared':
      return `${manager} owns ${named} of ${name} too, with the same values; the drift policy leaves that.`;
    case 'added':
      return `${manager} added ${named} to ${name}: for information, RunOS leaves that.`;
    default:
      return `${change}.`;
  }
}

/** The objects of a desired instance were deleted, because the cancellation of its deletion came too late. */
export const deletedEvent = (
  { osid, generation }: { osid: string; generation: number },
  at: string,
): InstanceEvent => ({
  key: hash(['deleted', osid, String(generation)]),
  at,
  type: 'DataLost',
  object: null,
  fields: [],
  manager: null,
  message: `The objects of ${osid} were deleted by an earlier deletion and are created again: their data is lost. Restore it from a backup.`,
});

/** A rollout has failed, and the instance goes back to an earlier revision by itself. */
export const rolledBackEvent = (
  {
    revision,
    reason,
    failedJobId,
    jobId,
    to,
    undone,
  }: {
    readonly revision: number;
    readonly reason: string;
    readonly failedJobId: string;
    readonly jobId: string;
    readonly to: number;
    /** A sentence about the other changes that it takes back, or nothing. */
    readonly undone: string;
  },
  at: string,
): InstanceEvent => ({
  key: hash(['rolled-back', failedJobId]),
  at,
  type: 'RolledBack',
  object: null,
  fields: [],
  manager: null,
  message: `The rollout of revision ${revision} failed (${reason}, job ${failedJobId}). Job ${jobId} goes back to revision ${to}.${undone}`,
});

/** A change between lasting states. */
export const stateChangeEvent = ({ from, to }: StateChange, at: string, cause: string | null): InstanceEvent => ({
  key: hash(['state-changed', from, to, at]),
  at,
  type: 'StateChanged',
  object: null,
  fields: [],
  manager: null,
  message: `The state changed from ${from} to ${to}${cause === null ? '.' : `: ${cause}`}`.slice(0, maxMessageLength),
});

/** Its message grows with what remains, so it is an event only when it begins. */
const deletionRefused = 'DeletionRefused';

/** Reasons of a growth that does not go on by itself. */
const resizeFailure = /(?:Error|Infeasible|Refused)$/;

/** Reasons of a removal that a verb was refused. */
const removalRefusals: ReadonlySet<string> = new Set([deletionRefused, 'Forbidden', 'ListRefused']);

/**
 * The conditions that began, or got another message: data at risk and storage that cannot grow. Fields that the cluster
 * does not keep and deletions that it refuses count too. A repeated status changes no condition, and so makes no event.
 */
export function conditionEvents(
  before: readonly Condition[],
  after: readonly Condition[],
  at: string,
): InstanceEvent[] {
  const known = before.flatMap(problemOf);
  const isKnown = (problem: EventProblem) =>
    known.some(
      ({ source, type, message }) =>
        source === problem.source && type === problem.type && (message === problem.message || type === deletionRefused),
    );
  return after
    .flatMap(problemOf)
    .filter((problem) => !isKnown(problem))
    .map(({ type, message }) => ({
      key: hash([type, message, at]),
      at,
      type,
      object: null,
      fields: [],
      manager: null,
      message: message.slice(0, maxMessageLength),
    }));
}

/** The message of an event about a condition. */
interface EventProblem {
  /** The type of the condition. */
  readonly source: string;
  readonly type: string;
  readonly message: string;
}

/** The condition as an event, if it is worth one. */
function problemOf({ type: source, status, reason, message }: Condition): EventProblem[] {
  const problem = (type: string): EventProblem[] => [{ source, type, message }];
  if (source === dataAtRisk && status === 'True') return problem(source);
  if (source === 'StorageResized' && resizeFailure.test(reason)) return problem('StorageResizeFailed');
  if (source === 'Applied' && reason === 'Overridden') return problem(reason);
  if (source === 'Applied' && reason === dataAtRisk) return problem('ChangeRefused');
  const isRefused =
    (source === 'Applied' && reason === deletionRefused) || (source === 'Removed' && removalRefusals.has(reason));
  return isRefused ? problem(deletionRefused) : [];
}

const hash = (parts: readonly string[]): string => createHash('sha256').update(parts.join('\n')).digest('base64url');
