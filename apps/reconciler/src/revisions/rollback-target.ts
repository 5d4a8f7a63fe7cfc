import type { InstanceRow } from '../schema/instance-row.js';
import {
  type DesiredSpec,
  keepGrownStorage,
  type ServiceSpec,
  withAutoRollback,
  withOverrides,
  withWriters,
} from './desired-spec.js';

export interface RollbackTarget<S extends DesiredSpec = DesiredSpec> {
  readonly spec: S;
  /** The fields of the earlier spec that differ and never go back. */
  readonly kept: readonly string[];
}

/**
 * The spec of an earlier revision, as far as it can be desired again. Data files are not readable by an older version,
 * volumes do not shrink, and an older renderer may lack what runs now, so those stay. So does what is no setting: the
 * last restart, and of a service its links and the registry.
 */
export function rollbackTarget(current: DesiredSpec, earlier: DesiredSpec): RollbackTarget {
  if (current.kind === 'service' && earlier.kind === 'service') return serviceTarget(current, earlier);
  if (current.kind === 'app' && earlier.kind === 'app') {
    const { rendererVersion, restartedAt } = current;
    const spec = withWriters({ ...earlier, rendererVersion, restartedAt }, earlier.allowedWriters);
    return { spec, kept: keptRenderer(current, earlier) };
  }
  throw new Error(`a spec of ${earlier.kind} is a revision of ${current.kind}`);
}

const keptRenderer = (current: DesiredSpec, earlier: DesiredSpec): string[] =>
  current.rendererVersion === earlier.rendererVersion ? [] : ['rendererVersion'];

function serviceTarget(current: ServiceSpec, earlier: ServiceSpec): RollbackTarget<ServiceSpec> {
  const { storage, storageMb } = current.sizing;
  const kept = [
    ...(current.version === earlier.version ? [] : ['version']),
    ...keptRenderer(current, earlier),
    ...(storageMb === earlier.sizing.storageMb ? [] : ['storageMb']),
  ];
  const { driftPolicy, config } = earlier;
  const spec: ServiceSpec = {
    ...current,
    sizing: { ...earlier.sizing, storage, storageMb },
    // A newer build may have added fields since.
    inputs: { ...current.inputs, ...earlier.inputs },
    driftPolicy,
    config,
  };
  const switched = withAutoRollback(withWriters(spec, earlier.allowedWriters), earlier.autoRollback);
  return { spec: withOverrides(switched, earlier.overrides), kept };
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
