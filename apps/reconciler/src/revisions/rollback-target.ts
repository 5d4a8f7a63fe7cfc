import { type DesiredSpec, withWriters } from './desired-spec.js';

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
