import { Injectable } from '@nestjs/common';
import type { READ_BUNDLE, ReplyOf } from '@runos/agent-protocol';
import type { reconciler } from '@runos/contracts';
import { Fault, unavailable } from '@runos/kernel';
import { Database, idempotent } from '@runos/persistence';
import { storedType } from '@runos/service-types';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import { AgentInstructions } from '../delivery/agent-instructions.js';
import { InstanceRepository } from '../instances/instance-repository.js';
import type { DesiredSpec } from '../revisions/desired-spec.js';
import { DataLossGuard } from '../revisions/data-loss-guard.js';
import { faultOr } from '../revisions/fault-or.js';
import { restarted } from '../revisions/needed-restart.js';
import { RevisionWriter } from '../revisions/revision-writer.js';
import type { InstanceRow } from '../schema/instance-row.js';
import { type Caller, refuseStaleGeneration } from '../writes/preconditions.js';
import { DivergenceRepository } from './divergence-repository.js';
import { canBeExceeded, detailsOf, type ForeignBundle, isTombstone } from './foreign-bundle.js';
import { jobTypeOf } from '../jobs/queue-plan.js';
import { SealedSpecs } from './sealed-spec.js';

type Input = z.output<typeof reconciler.acceptInstance.input>;
type Accepted = z.output<typeof reconciler.acceptInstance.output>;

/** What the agent replied: its bundle, null for none, or undefined from an agent that cannot return bundles. */
type Read = ReplyOf<typeof READ_BUNDLE>['stored'] | undefined;

/** Ends a divergence by a revision above that of the agent, with the spec of the plane or of the cluster. */
@Injectable()
export class AcceptDivergence {
  constructor(
    private readonly database: Database,
    private readonly instances: InstanceRepository,
    private readonly divergences: DivergenceRepository,
    private readonly specs: SealedSpecs,
    private readonly writer: RevisionWriter,
    private readonly dataLoss: DataLossGuard,
    private readonly instructions: AgentInstructions,
  ) {}

  /** @throws Fault `conflict.diverged` when the spec of the cluster is unknown, `service.in_use`, `app.in_use`, `conflict.stale`, `conflict.data_loss`, `unavailable` */
  async run(input: Input, { tenant, changedBy }: Caller): Promise<Accepted> {
    const unlocked = await this.instances.get(this.database.manager, tenant, input);
    // A request to the agent must not hold a lock.
    const read = input.desired === 'cluster' && unlocked.diverged !== null ? await this.#read(unlocked) : undefined;
    return this.database.transaction((sql) =>
      idempotent<Accepted>(sql, { tenant, idempotency: input.idempotency }, async () => {
        const instance = await this.instances.lock(sql, tenant, input);
        const { osid, diverged } = instance;
        if (diverged === null) return { osid, noOp: true, message: `${osid} has not diverged; there is no decision.` };
        refuseStaleGeneration(osid, instance, input.ifGeneration);
        // What runs is not the spec of the plane, so that any pod may be replaced.
        if (input.desired === 'plane' && !instance.deleting) this.dataLoss.refuse(instance, input.force);
        const jobId =
          input.desired === 'plane'
            ? await this.#deliverPlane(sql, instance, diverged, { changedBy, force: input.force })
            : await this.#adoptCluster(sql, instance, read, changedBy);
        return { jobId };
      }),
    );
  }

  #deliverPlane(
    sql: EntityManager,
    instance: InstanceRow,
    above: ForeignBundle,
    { changedBy, force }: { readonly changedBy: string; readonly force: boolean | undefined },
  ): Promise<string> {
    if (instance.deleting) return this.writer.writeTombstone(sql, instance, changedBy, above);
    const spec = withPossibleRestart(instance, above);
    const type = jobTypeOf(instance.kind, 'update');
    return this.writer.writeSpec(sql, instance, { spec, type, changedBy, above, force });
  }

  async #adoptCluster(sql: EntityManager, instance: InstanceRow, read: Read, changedBy: string): Promise<string> {
    const { diverged } = instance;
    const stored = read ?? diverged;
    if (stored === null) throw new Error(`${instance.osid} has not diverged`);
    // The agent deletes its record with the last object, so a deletion is adopted as it was reported.
    if (isTombstone(stored)) return this.writer.writeTombstone(sql, instance, changedBy, stored);
    const spec = (await this.#knownSpec(sql, instance, stored)) ?? this.#sealedSpec(instance, read ?? undefined);
    if (spec === undefined) throw refuseUnknownSpec(instance, stored, read);
    return this.writer.writeSpec(sql, instance, {
      spec,
      type: jobTypeOf(instance.kind, 'update'),
      changedBy,
      above: stored,
    });
  }

  /** An earlier spec of the plane with the objects that the agent stores: only the numbers have diverged. */
  async #knownSpec(sql: EntityManager, instance: InstanceRow, { digest }: ForeignBundle) {
    const spec = await this.divergences.specOf(sql, instance.id, digest);
    return spec && this.#rendersTo(instance, spec, digest) ? spec : undefined;
  }

  /** The spec that the plane itself has sealed before the restore. Only one that renders to the stored objects counts. */
  #sealedSpec(instance: InstanceRow, read: NonNullable<Read> | undefined): DesiredSpec | undefined {
    if (read?.sealedSpec === undefined) return undefined;
    const { aid, cid, osid } = instance;
    const spec = this.specs.unseal({ aid, cid, osid, revision: read.revision }, read.sealedSpec);
    return spec && this.#rendersTo(instance, spec, read.digest) ? spec : undefined;
  }

  #rendersTo(instance: InstanceRow, spec: DesiredSpec, digest: string): boolean {
    const rendered = faultOr(() => this.writer.render(instance, spec));
    return !(rendered instanceof Fault) && rendered.digest === digest;
  }

  async #read(instance: InstanceRow): Promise<Read> {
    const { outcome, stored } = await this.instructions.readBundle(instance);
    if (outcome === 'replied' && (stored === null || canBeExceeded(stored))) return stored;
    if (outcome !== 'none') return undefined;
    throw unavailable(
      `The agent of cluster ${instance.cid} has to name what runs, and it did not reply. Repeat the request when it is connected, or accept "plane".`,
    );
  }
}

/** The settings that run are not known, so a service that reads some only when it starts is restarted. */
function withPossibleRestart(instance: InstanceRow, { digest }: ForeignBundle): DesiredSpec {
  const readsAtStart = instance.kind === 'service' && storedType(instance.type).config?.start !== undefined;
  return readsAtStart && digest !== instance.digest ? restarted(instance, instance.spec) : instance.spec;
}

function refuseUnknownSpec({ osid, cid, digest }: InstanceRow, stored: ForeignBundle, read: Read): Fault {
  const causes = {
    none: `The agent of cluster ${cid} stores nothing of ${osid} any more.`,
    older: `The agent of cluster ${cid} is too old to return the spec of ${osid}.`,
    absent: `The agent of cluster ${cid} stores ${osid} without a spec: an older control plane has delivered it.`,
    unreadable: `The spec that the agent of cluster ${cid} stores for ${osid} does not match its objects, or its key is no longer in the keyring.`,
  } as const;
  const cause =
    read === null ? 'none' : read === undefined ? 'older' : read.sealedSpec === undefined ? 'absent' : 'unreadable';
  return new Fault(
    'conflict.diverged',
    `${causes[cause]} Its objects have the digest ${stored.digest.slice(0, 12)}, those of the control plane ${digest.slice(0, 12)}. Compare them in namespace ${osid}, then accept "plane" and repeat the changes that are missing.`,
    detailsOf(stored),
  );
}
