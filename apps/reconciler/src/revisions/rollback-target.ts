import type { InstanceRow } from '../schema/instance-row.js';
import { type DesiredSpec, keepGrownStorage, withWriters } from './desired-spec.js';

export interface RollbackTarget {
  readonly spec: DesiredSpec;
  /** The fields of the earlier spec that differ and never go back. */
  readonly kept: readonly string[];
}

/**
 * The spec of an earlier revision, as far as it can be desired again. Data files are not readable by an older version,
 * volumes do not shrink, and an older renderer may lack what runs now, so those stay. So does what is no setting of the
 * instance: its links, the registry and the last restart.
 */
export function rollbackTarget(current: DesiredSpec, earlier: DesiredSpec): RollbackTarget {
  const { storage, storageMb } = current.sizing;
  const kept = [
    ...(current.version === earlier.version ? [] : ['version']),
    ...(current.rendererVersion === earlier.rendererVersion ? [] : ['rendererVersion']),
    ...(storageMb === earlier.sizing.storageMb ? [] : ['storageMb']),
  ];
  const { driftPolicy, config } = earlier;
  const spec: DesiredSpec = {
    ...current,
    sizing: { ...earlier.sizing, storage, storageMb },
    // A newer build may have added fields since.
    inputs: { ...current.inputs, ...earlier.inputs },
    driftPolicy,
    config,
  };
  return { spec: withWriters(spec, earlier.allowedWriters), kept };
}

/**
 * The spec that the cancellation of the current revision restores. An agent that has received it may have changed the
 * data, so version and renderer stay as in a rollback. But a restart ends, and storage stays only as far as volumes have
 * grown. A revision that was not sent has changed nothing, so the whole earlier spec comes back.
 */
export function cancellationTarget(
  instance: Pick<InstanceRow, 'spec' | 'volume_capacity_mb'>,
  earlier: DesiredSpec,
  isSent: boolean,
): RollbackTarget {
  if (!isSent) return { spec: earlier, kept: [] };
  const { spec } = instance;
  const { sizing } = keepGrownStorage(earlier, instance);
  return rollbackTarget({ ...spec, sizing, restartedAt: earlier.restartedAt }, earlier);
}

/** The end of a sentence about a restored spec: `, except version, which never go back`, or nothing. */
export const exceptKept = (kept: readonly string[]): string =>
  kept.length === 0 ? '' : `, except ${kept.join(', ')}, which never go back`;
