import type { CreateService } from '@runos/api';
import type { catalog, Sizing } from '@runos/contracts';
import { latestRenderer, serviceType } from '@runos/service-types';
import { resolveSize, type Size } from '@runos/sizing';
import type { z } from 'zod';
import { invalid } from '../invalid.js';
import { configChoiceIssues, fieldIssues, versionIssues } from './field-issues.js';

type Asked = z.output<typeof catalog.resolveInstance.input>;
type Answer = z.output<typeof catalog.resolveInstance.output>;

const fromWire = (sizing: Sizing): Size => ({ ...sizing, storageMb: sizing.storageMb ?? 0 });
const toWire = (size: Size): Sizing => ({ ...size, storageMb: size.storage === 'none' ? null : size.storageMb });

/** The part of the fields that concerns the size. */
const wishOf = (fields: CreateService) => ({
  resourceRequirementClassId: fields.resourceRequirementClassId,
  replicas: fields.replicas,
  cpuRequestMc: fields.cpuRequestMc,
  cpuLimitMc: fields.cpuLimitMc,
  memoryRequestMb: fields.memoryRequestMb,
  memoryLimitMb: fields.memoryLimitMb,
  storageMb: fields.storageMb,
});

/** What a request for an instance means; pure. Refusals carry everything that is wrong, under the gravest code. */
export function resolveInstance({ type: name, fields, current, cluster }: Asked): Answer {
  const type = serviceType(name);
  const sized = resolveSize(type.sizing, wishOf(fields), {
    current: current && fromWire(current),
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
    sizing: toWire(sized.size),
    version: fields.version ?? type.defaultVersion,
    rendererVersion: latestRenderer(type),
    ...(sized.rrcFlipHint === undefined ? {} : { rrcFlipHint: sized.rrcFlipHint }),
  };
}
