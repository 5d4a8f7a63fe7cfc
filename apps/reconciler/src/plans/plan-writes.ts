import { Injectable } from '@nestjs/common';
import type { ChangePlan } from '@runos/api';
import type { InputOf, reconciler } from '@runos/contracts';
import { replacesPods } from '@runos/kube-objects';
import { Database } from '@runos/persistence';
import { CreationResolver } from '../instances/creation-resolver.js';
import { InstanceWrites } from '../instances/instance-writes.js';
import { remarksOf } from '../instances/remarks-of.js';
import { type ResolvedUpdate, UpdateResolver } from '../instances/update-resolver.js';
import { linkedNames } from '../links/link-resolver.js';
import { jobTypeOf } from '../jobs/queue-plan.js';
import { renderObjects } from '../rendering/render-bundle.js';
import { acceptedSpec } from '../revisions/desired-spec.js';
import { changedFields } from '../revisions/revision-fields.js';
import type { NextRevision } from '../revisions/next-revision.js';
import { RevisionWriter } from '../revisions/revision-writer.js';
import type { InstanceRow } from '../schema/instance-row.js';
import { ClusterChanges, withoutCluster } from './cluster-changes.js';
import { desiredChanges } from './desired-changes.js';
import { PlannedChange } from './planned-change.js';

type Creation = InputOf<typeof reconciler.planInstanceCreation>;
type Update = InputOf<typeof reconciler.planInstanceUpdate>;

/** Plans creations and updates: resolved as the writes are, in transactions that are rolled back. */
@Injectable()
export class PlanWrites {
  constructor(
    private readonly database: Database,
    private readonly creations: CreationResolver,
    private readonly updates: UpdateResolver,
    private readonly writes: InstanceWrites,
    private readonly revisions: RevisionWriter,
    private readonly planned: PlannedChange,
    private readonly cluster: ClusterChanges,
  ) {}

  /** @throws Fault as the creation */
  async creation(input: Creation, tenant: string): Promise<ChangePlan> {
    const { type } = input;
    const created = await this.database.rehearse(await this.creations.prepare(input, tenant));
    const { cluster, osid, spec, secrets, bundle, displayName } = created;
    const writers = { own_writers: null, cluster_writers: cluster.allowed_writers };
    const planned = { ...cluster, ...writers, ...bundle, osid, type, spec, generation: 1, revision: 1 };
    const objects = () => desiredChanges([], renderObjects({ osid, type, cluster, spec, secrets }));
    return {
      osid: null,
      noOp: false,
      changes: changedFields(null, spec),
      name: { before: null, after: displayName },
      ...remarksOf(created),
      restartsPods: false,
      queued: false,
      supersedes: [],
      ...(await this.cluster.of(planned, objects)),
    };
  }

  /** @throws Fault as the update */
  async update(input: Update, tenant: string): Promise<ChangePlan> {
    const resolve = await this.updates.prepare(input, tenant);
    const { force } = input;
    const { instance, update, next } = await this.writes.rehearse(
      { ...input, alsoLocked: linkedNames(input) },
      tenant,
      async (sql, instance) => {
        const update = await resolve(sql, instance);
        const change = { spec: update.spec, type: jobTypeOf(instance.kind, 'update'), force };
        const next = update.writesSpec ? await this.revisions.resolve(sql, instance, change) : undefined;
        return { instance, update, next };
      },
    );
    const fields = fieldsOf(instance, update, next);
    if (next === undefined) {
      const message = 'No object changes, so there is nothing to try.';
      return { ...fields, restartsPods: false, ...withoutCluster([], 'NothingToApply', message) };
    }
    const rendered = this.planned.render(instance, next);
    const changes = await this.planned.tryOnCluster(instance, next, rendered);
    return { ...fields, restartsPods: replacesPods(rendered.before, rendered.after), ...changes };
  }
}

/** What the update changes for the user, and when. */
function fieldsOf(instance: InstanceRow, update: ResolvedUpdate, next: NextRevision | undefined) {
  const { description } = update;
  const newName = description?.name ?? instance.name;
  return {
    osid: instance.osid,
    noOp: next === undefined && description === undefined,
    changes: next === undefined ? [] : changedFields(acceptedSpec(instance), next.spec),
    name: newName === instance.name ? null : { before: instance.name, after: newName },
    ...remarksOf(update),
    queued: next !== undefined && next.queuePosition !== null,
    supersedes: [...(next?.superseded ?? [])],
  };
}
