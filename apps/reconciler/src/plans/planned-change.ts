import { Injectable } from '@nestjs/common';
import type { KubeObject } from '@runos/kube-objects';
import { kindCatalog } from '@runos/service-types';
import { deliveredWriters } from '../delivery/delivered-writers.js';
import { InstanceSecrets } from '../instances/instance-secrets.js';
import { renderObjects } from '../rendering/render-bundle.js';
import type { DesiredSpec } from '../revisions/desired-spec.js';
import type { NextRevision } from '../revisions/revision-writer.js';
import type { InstanceRow } from '../schema/instance-row.js';
import { type Changes, ClusterChanges } from './cluster-changes.js';
import { desiredChanges } from './desired-changes.js';

/** What the next revision of an instance changes. `before` and `after`: the rendered objects. */
interface RenderedChange {
  readonly before: readonly KubeObject[];
  readonly after: readonly KubeObject[];
  readonly changes: Changes;
}

/** Renders the next revision of an instance, and lets the cluster try it. */
@Injectable()
export class PlannedChange {
  constructor(
    private readonly secrets: InstanceSecrets,
    private readonly cluster: ClusterChanges,
  ) {}

  async of(instance: InstanceRow, { spec, digest, objectsGz }: NextRevision): Promise<RenderedChange> {
    const secrets = this.secrets.unseal(instance);
    const { osid, type } = instance;
    const objectsOf = (each: DesiredSpec) => renderObjects({ osid, type, cluster: instance, spec: each, secrets });
    const [before, after] = [objectsOf(instance.spec), objectsOf(spec)];
    const revision = instance.revision + 1;
    const planned = { ...instance, spec, digest, objectsGz, generation: instance.generation + 1, revision };
    const kinds = kindCatalog(type).withWriters(deliveredWriters(planned).allowedWriters ?? []);
    const objects = () =>
      desiredChanges(
        before.map((each) => kinds.withoutLeft(each)),
        after.map((each) => kinds.withoutLeft(each)),
      );
    return { before, after, changes: await this.cluster.of(planned, objects) };
  }
}
