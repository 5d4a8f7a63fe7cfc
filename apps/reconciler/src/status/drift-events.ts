import { holdsData } from '@runos/kube-objects';
import { createHash } from 'node:crypto';
import { nameOf, type Report } from './report.js';
import type { Observation } from './observe.js';

/** One line of an instance's history. `key` is the same for a repetition of the same report. */
export interface InstanceEvent {
  readonly key: string;
  readonly at: string;
  readonly type: string;
  readonly object: { apiVersion: string; kind: string; name: string } | null;
  readonly fields: readonly string[];
  readonly manager: string | null;
  readonly message: string;
}

type Drift = NonNullable<Report['drift']>[number];

const types: Readonly<Record<Drift['action'], string>> = {
  repaired: 'DriftRepaired',
  recreated: 'ObjectRecreated',
  reported: 'DriftReported',
  contested: 'DriftContested',
  failed: 'RepairFailed',
  unrecognised: 'Drifted',
};

/** The events a report carries: what others changed, and what became of it. */
export const driftEvents = (report: Report): InstanceEvent[] => (report.drift ?? []).map(eventOf);

function eventOf(drift: Drift): InstanceEvent {
  const { object, fields, at, action } = drift;
  const manager = drift.manager ?? null;
  const lost = action === 'recreated' && holdsData(object);
  const { apiVersion, kind, name } = object;
  return {
    key: hash([apiVersion, kind, object.namespace ?? '', name, at, action, manager ?? '', ...fields]),
    at: new Date(at).toISOString(),
    type: lost ? 'DataLost' : types[action],
    object: { apiVersion, kind, name },
    fields,
    manager,
    message: sentenceOf(drift, lost),
  };
}

function sentenceOf({ object, fields, manager, action }: Drift, lost: boolean): string {
  const name = nameOf(object);
  const who = manager ?? 'Somebody Kubernetes does not name';
  if (lost) return `${name} was deleted and has been made again, empty: its data is lost. Restore it from a backup.`;
  if (fields.length === 0) return `${name} was deleted${manager ? ` by ${manager}` : ''} and has been made again.`;
  const what = `${who} changed ${fields.join(', ')} of ${name}`;
  switch (action) {
    case 'repaired':
    case 'recreated':
      return `${what}; it was put back.`;
    case 'contested':
      return `${what} again and again; it is put back ever later. Stop that manager, or set the drift policy to report.`;
    case 'failed':
      return `${what}, and it could not be put back.`;
    default:
      return `${what}.`;
  }
}

/** A move between the states an instance can stay in. */
export const moveEvent = (moved: NonNullable<Observation['moved']>, at: string, why: string | null): InstanceEvent => ({
  key: hash(['moved', moved.from, moved.to, at]),
  at,
  type: 'StateChanged',
  object: null,
  fields: [],
  manager: null,
  message: `It went from ${moved.from} to ${moved.to}${why === null ? '.' : `: ${why}`}`,
});

const hash = (parts: readonly string[]): string => createHash('sha256').update(parts.join('\n')).digest('base64url');
