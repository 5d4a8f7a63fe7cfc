import type { PackedBundle } from '@runos/kube-objects';
import type { LogLine } from '../jobs/work-items.js';
import type { DesiredSpec } from './desired-spec.js';

/** The open jobs that a change affects. */
export interface AffectedJobs {
  readonly superseded: readonly string[];
  /** They start after the change, so their generations are higher. */
  readonly behind: readonly string[];
}

export interface RenderedSpec extends Pick<PackedBundle, 'digest' | 'objectsGz'> {
  readonly logs: readonly LogLine[];
}

/** The next revision, and where its job stands among the open ones. */
export interface NextRevision extends RenderedSpec, AffectedJobs {
  readonly spec: DesiredSpec;
  /** Null: the job starts now. */
  readonly queuePosition: number | null;
}
