import type { Sizing } from '@runos/contracts';

/** Everything an instance's objects are rendered from, apart from who it is and its credentials. */
export interface Spec {
  readonly version: string;
  /** Pinned: an upgrade of the plane never changes what runs. */
  readonly rendererVersion: number;
  readonly sizing: Sizing;
  readonly driftPolicy: 'repair' | 'report';
  /** The config set pinned at creation, with the values it had then. */
  readonly config: PinnedConfig | null;
  /** When a restart was last asked for, ISO 8601; part of the pod template, so that a new value replaces the pods. */
  readonly restartedAt: string | null;
  /** Takes the place of the images' registry; pinned, so that a new setting restarts nothing. */
  readonly imageRegistry: string | null;
}

export interface PinnedConfig {
  readonly setId: string;
  readonly version: string;
  readonly values: Readonly<Record<string, string>>;
}

const numbers = ['replicas', 'cpuRequestMc', 'cpuLimitMc', 'memoryRequestMb', 'memoryLimitMb', 'storageMb'] as const;

/** Whether two specs ask for the same. A config set is pinned, so its version says all about its values. */
export function sameSpec(a: Spec, b: Spec): boolean {
  return (
    numbers.every((name) => a.sizing[name] === b.sizing[name]) &&
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
