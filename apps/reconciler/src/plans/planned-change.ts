import { Injectable } from '@nestjs/common';
import type { PlannedObject } from '@runos/api';
import type { KubeObject } from '@runos/kube-objects';
import { kindCatalog } from '@runos/service-types';
import { deliveredWriters } from '../delivery/delivered-writers.js';
import { InstanceSecrets } from '../instances/instance-secrets.js';
import { renderObjects } from '../rendering/render-bundle.js';
import type { DesiredSpec } from '../revisions/desired-spec.js';
import type { NextRevision } from '../revisions/next-revision.js';
import type { InstanceRow } from '../schema/instance-row.js';
import { type Changes, ClusterChanges } from './cluster-changes.js';
import { desiredChanges } from './desired-changes.js';

/** The rendered objects of the current revision and of the next one. */
interface RenderedChange {
  readonly before: readonly KubeObject[];
  readonly after: readonly KubeObject[];
}

/** The next revision of an instance, rendered, and as its cluster would take it. */
@Injectable()
export class PlannedChange {
  constructor(
    private readonly secrets: InstanceSecrets,
    private readonly cluster: ClusterChanges,
  ) {}

  render(instance: InstanceRow, { spec }: NextRevision): RenderedChange {
    return { before: this.renderCurrent(instance), after: this.#render(instance, spec) };
  }

  /** The objects of the current revision. */
  renderCurrent(instance: InstanceRow): readonly KubeObject[] {
    return this.#render(instance, instance.spec);
  }

  #render(instance: InstanceRow, spec: DesiredSpec): readonly KubeObject[] {
    const { osid, type } = instance;
    return renderObjects({ osid, type, cluster: instance, spec, secrets: this.secrets.unseal(instance) });
  }

  /** `rendered`: for the case that the cluster does not answer. Without it, such a change has no objects. */
  tryOnCluster(instance: InstanceRow, next: NextRevision, rendered?: RenderedChange): Promise<Changes> {
    const { spec, digest, objectsGz } = next;
    const revision = instance.revision + 1;
    const planned = { ...instance, spec, digest, objectsGz, generation: instance.generation + 1, revision };
    const kinds = kindCatalog(instance.type).withWriters(deliveredWriters(planned).allowedWriters ?? []);
    const comparable = (objects: readonly KubeObject[]) => objects.map((each) => kinds.withoutLeft(each));
    const desired = (): readonly PlannedObject[] =>
      rendered === undefined ? [] : desiredChanges(comparable(rendered.before), comparable(rendered.after));
    return this.cluster.of(planned, desired);
  }
}
