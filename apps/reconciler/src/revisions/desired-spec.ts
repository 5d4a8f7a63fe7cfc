import type { Sizing } from '@runos/contracts';

/** The resolved spec: with the identity and the secrets of an instance it determines every object. */
export interface DesiredSpec {
  readonly version: string;
  /** Pinned: an upgrade of the plane never changes running objects. */
  readonly rendererVersion: number;
  readonly sizing: Sizing;
  readonly driftPolicy: 'repair' | 'report';
  /** The config set of the creation, with its values at that time. */
  readonly config: PinnedConfig | null;
  /** The time of the last restart request, ISO 8601; a new value in the pod template replaces the pods. */
  readonly restartedAt: string | null;
  /** Replaces the registry of the images; pinned, so that a new setting restarts no pods. */
  readonly imageRegistry: string | null;
}

export interface PinnedConfig {
  readonly setId: string;
  readonly version: string;
  readonly values: Readonly<Record<string, string>>;
}

const sizes = ['replicas', 'cpuRequestMc', 'cpuLimitMc', 'memoryRequestMb', 'memoryLimitMb', 'storageMb'] as const;

/** Whether two specs render equal objects. The version of a config set determines its values. */
export function sameSpec(a: DesiredSpec, b: DesiredSpec): boolean {
  return (
    sizes.every((name) => a.sizing[name] === b.sizing[name]) &&
    a.sizing.resourceRequirementClassId === b.sizing.resourceRequirementClassId &&
    a.sizing.storage === b.sizing.storage &&
    a.version === b.version &&
    a.rendererVersion === b.rendererVersion &&
    a.driftPolicy === b.driftPolicy &&
    a.config?.setId === b.config?.setId &&
    a.config?.version === b.config?.version &&
    a.restartedAt === b.restartedAt &&
    a.imageRegistry === b.imageRegistry
  );
}

/** A spec as one log line. */
export function describeSpec({ version, sizing, config }: DesiredSpec): string {
  const { resourceRequirementClassId, replicas, cpuRequestMc, cpuLimitMc, memoryRequestMb, memoryLimitMb } = sizing;
  const storage = sizing.storageMb === null ? '' : `, ${sizing.storageMb} MiB of storage`;
  const pinned = config === null ? '' : `, config set ${config.setId} ${config.version}`;
  return `Version ${version}, class ${resourceRequirementClassId}: ${replicas} ${replicas === 1 ? 'replica' : 'replicas'}, cpu ${cpuRequestMc}/${cpuLimitMc} m, memory ${memoryRequestMb}/${memoryLimitMb} MiB${storage}${pinned}.`;
}
