import type { CreateService } from '@runos/api';
import type { catalog } from '@runos/contracts';
import { latestRenderer, serviceType } from '@runos/service-types';
import { resolveSize } from '@runos/sizing';
import type { z } from 'zod';
import { invalid } from '../invalid.js';
import { configChoiceIssues, fieldIssues, versionIssues } from './field-issues.js';

type ResolveRequest = z.output<typeof catalog.resolveInstance.input>;
type ResolvedInstance = z.output<typeof catalog.resolveInstance.output>;

/** The fields that concern the size. */
const sizeRequestOf = (fields: CreateService) => ({
  resourceRequirementClassId: fields.resourceRequirementClassId,
  replicas: fields.replicas,
  cpuRequestMc: fields.cpuRequestMc,
  cpuLimitMc: fields.cpuLimitMc,
  memoryRequestMb: fields.memoryRequestMb,
  memoryLimitMb: fields.memoryLimitMb,
  storageMb: fields.storageMb,
});

/**
 * Resolves a create or update request to sizing, version and renderer; pure.
 * @throws Fault with every issue: `request.invalid` for wrong fields, else `class.unknown` or `sizing.invalid`
 */
export function resolveInstance({ type: name, fields, current, cluster }: ResolveRequest): ResolvedInstance {
  const type = serviceType(name);
  const sized = resolveSize(type.sizing, sizeRequestOf(fields), {
    current,
    hasDistributedStorage: cluster.distributedStorageClass !== null,
  });
  const issues = [
    ...fieldIssues(type, fields, current ? 'update' : 'create'),
    ...versionIssues(type, fields.version),
    ...configChoiceIssues(fields),
  ];
  if (!sized.ok) throw invalid(issues.length > 0 ? 'request.invalid' : sized.code, [...issues, ...sized.issues]);
  if (issues.length > 0) throw invalid('request.invalid', issues);
  return {
    sizing: sized.size,
    version: fields.version ?? type.defaultVersion,
    rendererVersion: latestRenderer(type),
    ...(sized.rrcFlipHint === undefined ? {} : { rrcFlipHint: sized.rrcFlipHint }),
  };
}
