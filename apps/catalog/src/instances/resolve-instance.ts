import type { ServiceFields } from '@runos/api';
import { resolveOwnInputs } from '@runos/catalog-model';
import type { catalog } from '@runos/contracts';
import { invalidInput } from '@runos/kernel';
import { serviceType } from '@runos/service-types';
import { resolveSize } from '@runos/sizing';
import type { z } from 'zod';
import { configChoiceIssues, fieldIssues, resolveVersion, writerIssues } from './field-issues.js';

type ResolveRequest = z.output<typeof catalog.resolveInstance.input>;
type ResolvedInstance = z.output<typeof catalog.resolveInstance.output>;

/** The fields that concern the size. */
export const sizeRequestOf = (fields: ServiceFields) => ({
  resourceRequirementClassId: fields.resourceRequirementClassId,
  replicas: fields.replicas,
  cpuRequestMc: fields.cpuRequestMc,
  cpuLimitMc: fields.cpuLimitMc,
  memoryRequestMb: fields.memoryRequestMb,
  memoryLimitMb: fields.memoryLimitMb,
  storageMb: fields.storageMb,
});

/**
 * Resolves a create or update request to sizing, version and inputs; pure.
 * @throws Fault with every issue: `request.invalid` for wrong fields, else `class.unknown` or `sizing.invalid`
 */
export function resolveInstance({ type: name, fields, current, cluster, versions }: ResolveRequest): ResolvedInstance {
  const type = serviceType(name);
  const sized = resolveSize(type.sizing, sizeRequestOf(fields), {
    current: current && { ...current.sizing, volumeCapacityMb: current.volumeCapacityMb },
    hasDistributedStorage: cluster.distributedStorageClass !== null,
  });
  const version = resolveVersion(type, versions, fields.version);
  const issues = [
    ...fieldIssues(type, fields, current ? 'update' : 'create'),
    ...('issue' in version ? [version.issue] : []),
    ...configChoiceIssues(fields),
    ...writerIssues(type, fields),
  ];
  if (!sized.ok) throw invalidInput(issues.length > 0 ? 'request.invalid' : sized.code, [...issues, ...sized.issues]);
  if (issues.length > 0 || 'issue' in version) throw invalidInput('request.invalid', issues);
  return {
    sizing: sized.size,
    version: version.version,
    inputs: resolveOwnInputs(type.inputs, fields, current?.inputs),
    ...(sized.rrcFlipHint === undefined ? {} : { rrcFlipHint: sized.rrcFlipHint }),
  };
}
