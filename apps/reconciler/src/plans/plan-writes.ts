import { Injectable } from '@nestjs/common';
import type { ChangePlan } from '@runos/api';
import type { InputOf, reconciler } from '@runos/contracts';
import { canonicalJson, type KubeObject, replacesPods } from '@runos/kube-objects';
import { Database } from '@runos/persistence';
import { resolveAppSource } from '@runos/service-types';
import { CreationResolver } from '../instances/creation-resolver.js';
import { remarksOf } from '../instances/remarks-of.js';
import { renderObjects } from '../rendering/render-bundle.js';
import { acceptedSpec } from '../revisions/desired-spec.js';
import { changedFields } from '../revisions/revision-fields.js';
import { WritePlan } from '../revisions/write-plans.js';
import type { Caller } from '../writes/preconditions.js';
import { withoutClaimSizes } from './claim-sizes.js';
import { ClusterChanges, withoutCluster } from './cluster-changes.js';
import { desiredChanges } from './desired-changes.js';
import { PlannedChange } from './planned-change.js';
import { inOrder, sourceChanges } from './source-changes.js';

type Creation = InputOf<typeof reconciler.createInstance.plan>;

/** Plans writes: they are resolved as the writes are, in transactions that are rolled back. */
@Injectable()
export class PlanWrites {
  constructor(
    private readonly database: Database,
    private readonly creations: CreationResolver,
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
    const newSources = spec.kind === 'app' ? sourceChanges({}, resolveAppSource(input.fields, {})) : [];
    const objects = () => desiredChanges([], renderObjects({ osid, type, cluster, spec, secrets }));
    return {
      osid: null,
      noOp: false,
      changes: inOrder([...changedFields(null, spec), ...newSources]),
      name: { before: null, after: displayName },
      ...remarksOf(created),
      restartsPods: false,
      queued: false,
      supersedes: [],
      ...(await this.cluster.of(planned, objects)),
    };
  }

  /**
   * Runs a write of one instance in a transaction that is rolled back, and compares the objects before and after it.
   * @throws Fault as the write
   */
  async ofWrite(caller: Caller, write: (caller: Caller) => Promise<object>): Promise<ChangePlan> {
    const plan = new WritePlan();
    const reply: WriteReply = await write({ ...caller, plan });
    const { instance, next } = plan.planned;
    const fields = { ...fieldsOf(plan.planned), ...remarksOf({ warnings: [], ...reply }), ...keptBy(reply) };
    if (next === undefined) {
      const message = 'No object changes, so there is nothing to try.';
      return { ...fields, restartsPods: false, ...withoutCluster([], 'NothingToApply', message) };
    }
    if (next.kind === 'remove') {
      const message = `The namespace ${instance.osid} is deleted with everything in it; the cluster does not try this.`;
      const deleted = desiredChanges(this.planned.renderCurrent(instance), []);
      return { ...fields, restartsPods: true, ...withoutCluster(deleted, 'Deletion', message) };
    }
    const rendered = this.planned.render(instance, next);
    const changes = await this.planned.tryOnCluster(instance, next, rendered);
    return { ...fields, restartsPods: endsPods(instance.type, rendered), ...changes };
  }
}

const endsPods = (
  type: string,
  { before, after }: { readonly before: readonly KubeObject[]; readonly after: readonly KubeObject[] },
): boolean => replacesPods(withoutClaimSizes(type, before), withoutClaimSizes(type, after));

/** What a write replies beside its job. */
interface WriteReply {
  readonly rrcFlipHint?: string | undefined;
  readonly warnings?: readonly string[];
  readonly kept?: readonly string[];
}

const keptBy = ({ kept = [] }: WriteReply) => (kept.length === 0 ? {} : { kept: [...kept] });

/** What the write changes for the user, and when. */
function fieldsOf({ instance, next, described }: WritePlan['planned']) {
  const { osid, name, source } = instance;
  const isDescribed =
    canonicalJson({ name, source }) !== canonicalJson({ name: described.name, source: described.source });
  const isRemoved = next?.kind === 'remove';
  const written = next === undefined ? [] : changedFields(acceptedSpec(instance), isRemoved ? null : next.spec);
  return {
    osid,
    noOp: next === undefined && !isDescribed,
    changes: inOrder([...written, ...sourceChanges(source, isRemoved ? {} : described.source)]),
    name: described.name === name ? null : { before: name, after: described.name },
    queued: next?.kind === 'apply' && next.queuePosition !== null,
    supersedes: [...(next?.superseded ?? [])],
  };
}
