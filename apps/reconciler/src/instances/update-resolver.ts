import { Injectable } from '@nestjs/common';
import type { reconciler } from '@runos/contracts';
import { canonicalJson } from '@runos/kube-objects';
import { Database } from '@runos/persistence';
import { resolveAppSource } from '@runos/service-types';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import { NodePins } from '../nodes/node-pins.js';
import { LinkRemarks } from '../links/link-remarks.js';
import { LinkResolver, linksOf } from '../links/link-resolver.js';
import { DataLossGuard, isKeptByAgent } from '../revisions/data-loss-guard.js';
import { acceptedSpec, type DesiredSpec, isSameSpec } from '../revisions/desired-spec.js';
import { type ResolvedSpec, SpecResolver } from '../revisions/spec-resolver.js';
import type { InstanceRow } from '../schema/instance-row.js';
import { type Description, InstanceRepository } from './instance-repository.js';
import { InstanceSecrets } from './instance-secrets.js';

type Update = Omit<z.output<typeof reconciler.updateInstance.input>, 'idempotency'>;

/** What an update makes of an instance. */
export interface ResolvedUpdate extends ResolvedSpec {
  /** The spec differs, or is delivered again. */
  readonly writesSpec: boolean;
  readonly warnings: readonly string[];
  /** Undefined: name and sources stay. */
  readonly description: Description | undefined;
}

/** Resolves an update to its effect, for the update and for its plan. */
@Injectable()
export class UpdateResolver {
  constructor(
    private readonly database: Database,
    private readonly instances: InstanceRepository,
    private readonly resolver: SpecResolver,
    private readonly links: LinkResolver,
    private readonly linkRemarks: LinkRemarks,
    private readonly pins: NodePins,
    private readonly secrets: InstanceSecrets,
    private readonly dataLoss: DataLossGuard,
  ) {}

  /**
   * Resolves the spec before the lock, because that takes requests. A concurrent write changes the generation; then the
   * returned function resolves it again.
   * @throws Fault as `SpecResolver`; the function also as `LinkResolver`, and `conflict.data_loss`
   */
  async prepare(
    input: Update,
    tenant: string,
  ): Promise<(sql: EntityManager, instance: InstanceRow) => Promise<ResolvedUpdate>> {
    const resolve = (instance: InstanceRow) => this.resolver.forUpdate(instance, input.fields, input.clearsAbsent);
    const unlocked = await this.instances.get(this.database.manager, tenant, input);
    let resolved = unlocked.deleting ? undefined : await resolve(unlocked);
    return async (sql, instance) => {
      if (resolved === undefined || instance.generation !== unlocked.generation) resolved = await resolve(instance);
      const spec = await this.#linked(sql, instance, resolved.spec, input.fields);
      const effect = this.#effectOf(instance, { ...resolved, spec }, input);
      const pinned = await this.pins.check(sql, clusterOf(instance), spec, acceptedSpec(instance));
      return { ...effect, warnings: [...pinned, ...(await this.linkRemarks.of(sql, instance, spec))] };
    };
  }

  /** Links are resolved under the lock, because the instances that they lead to are locked too. */
  #linked(
    sql: EntityManager,
    instance: InstanceRow,
    spec: DesiredSpec,
    fields: Update['fields'],
  ): Promise<DesiredSpec> {
    const links = linksOf(fields);
    if (spec.kind !== 'app' || links === undefined) return this.links.refresh(sql, instance, spec);
    return this.links.link(sql, instance, spec, links, this.secrets.unseal(instance));
  }

  #effectOf(
    instance: InstanceRow,
    resolved: ResolvedSpec,
    { fields, force }: Update,
  ): Omit<ResolvedUpdate, 'warnings'> {
    const isForced = force === true && isKeptByAgent(instance);
    const writesSpec = isForced || !isSameSpec(acceptedSpec(instance), resolved.spec);
    if (writesSpec) this.dataLoss.refuseChange(instance, resolved.spec, force);
    return { ...resolved, writesSpec, description: newDescription(instance, fields) };
  }
}

const clusterOf = ({ cluster_id: id, cid }: InstanceRow) => ({ id, cid });

/** The name and the sources after an update; undefined if both stay. */
function newDescription({ kind, name, source }: InstanceRow, fields: Update['fields']): Description | undefined {
  const before = { name, source };
  const after = { name: fields.name ?? name, source: kind === 'app' ? resolveAppSource(fields, source) : source };
  return canonicalJson(before) === canonicalJson(after) ? undefined : after;
}
