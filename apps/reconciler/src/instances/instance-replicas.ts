import { Injectable } from '@nestjs/common';
import { replicaFields } from '@runos/overrides';
import { kindCatalog } from '@runos/service-types';
import { deliveredWriters } from '../delivery/delivered-writers.js';
import { missingRenderer } from '../rendering/missing-renderer.js';
import { renderObjects } from '../rendering/render-bundle.js';
import { acceptedSpec, hasOverrides } from '../revisions/desired-spec.js';
import type { InstanceRow } from '../schema/instance-row.js';
import { InstanceSecrets } from './instance-secrets.js';

const scaledFields: ReadonlySet<string> = new Set(replicaFields.map((field) => `spec.${field}`));

/** The replicas of instances. */
@Injectable()
export class InstanceReplicas {
  constructor(private readonly secrets: InstanceSecrets) {}

  /** Where a named writer, such as a scaler, sets the number of replicas, the cluster knows what is desired. */
  of(row: InstanceRow): { readonly desired: number; readonly ready: number } {
    const writers = deliveredWriters(row).allowedWriters ?? [];
    const isScaled = writers.some(({ fields }) => fields.some((field) => scaledFields.has(field)));
    const desired = (isScaled ? row.desired_replicas : null) ?? this.#desired(row);
    return { desired, ready: row.ready_replicas };
  }

  /** An override may desire another number than the size does; then the rendered objects are counted, as the agent does. */
  #desired(row: InstanceRow): number {
    const spec = acceptedSpec(row);
    const { osid, type } = row;
    if (!hasOverrides(spec) || missingRenderer(type, spec) !== undefined) return spec.sizing.replicas;
    const objects = renderObjects({ osid, type, cluster: row, spec, secrets: this.secrets.unseal(row) });
    const kinds = kindCatalog(type);
    const counts = objects.flatMap((object) => kinds.desiredReplicasOf(object) ?? []);
    return counts.length === 0 ? spec.sizing.replicas : counts.reduce((sum, count) => sum + count, 0);
  }
}
