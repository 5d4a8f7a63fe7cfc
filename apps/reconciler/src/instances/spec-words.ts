import type { Spec } from '../revisions/spec.js';

/** A spec as one line of a log. */
export function inWordsOf({ version, sizing, config }: Spec): string {
  const { resourceRequirementClassId, replicas, cpuRequestMc, cpuLimitMc, memoryRequestMb, memoryLimitMb } = sizing;
  const storage = sizing.storageMb === null ? '' : `, ${sizing.storageMb} MiB of storage`;
  const pinned = config === null ? '' : `, config set ${config.setId} ${config.version}`;
  return `Version ${version}, class ${resourceRequirementClassId}: ${replicas} ${replicas === 1 ? 'replica' : 'replicas'}, cpu ${cpuRequestMc}/${cpuLimitMc} m, memory ${memoryRequestMb}/${memoryLimitMb} MiB${storage}${pinned}.`;
}
