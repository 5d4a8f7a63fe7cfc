import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { refuseConflictingValues, refuseUnfitValues } from '../configuration/config-checks.js';
import { ConfigSetUseRepository } from '../configuration/config-set-use-repository.js';
import { InstanceSecrets } from '../instances/instance-secrets.js';
import { LinkResolver } from '../links/link-resolver.js';
import { PullCredentialResolver } from '../registries/pull-credential-resolver.js';
import type { InstanceRow } from '../schema/instance-row.js';
import { DataLossGuard } from './data-loss-guard.js';
import { acceptedSpec, type DesiredSpec, isSameSpec } from './desired-spec.js';
import { RevisionHistory } from './revision-history.js';
import { rollbackTarget } from './rollback-target.js';

interface ResolvedRollback {
  readonly spec: DesiredSpec;
  /** The spec of the earlier revision as it was. */
  readonly earlier: DesiredSpec;
  /** The fields of the earlier spec that differ and never go back. */
  readonly kept: readonly string[];
  /** The spec is desired already. */
  readonly isSame: boolean;
}

/** Resolves the spec that a rollback makes desired, for the request of a user and for a rollback that follows a failure. */
@Injectable()
export class RollbackResolver {
  constructor(
    private readonly history: RevisionHistory,
    private readonly configSets: ConfigSetUseRepository,
    private readonly dataLoss: DataLossGuard,
    private readonly links: LinkResolver,
    private readonly secrets: InstanceSecrets,
    private readonly pulls: PullCredentialResolver,
  ) {}

  /**
   * The spec of an earlier revision of a locked instance, with the present credentials of its links and its registry.
   * @throws Fault `revision.not_found`; `configset.not_found` for a config set that was deleted since
   * @throws Fault `configset.invalid`, `sizing.invalid` for settings that do not fit the version or the size of today
   * @throws Fault `request.invalid` for links to instances that are gone; `conflict.data_loss` without `force`
   */
  async resolve(
    sql: EntityManager,
    instance: InstanceRow,
    { revision, force }: { readonly revision: number; readonly force?: boolean | undefined },
  ): Promise<ResolvedRollback> {
    const { aid, type } = instance;
    const current = acceptedSpec(instance);
    const { spec: earlier } = await this.history.get(sql, instance, revision);
    const target = rollbackTarget(current, earlier);
    const { kept } = target;
    const linked = await this.links.refresh(sql, instance, target.spec);
    const spec = await this.pulls.refresh(sql, instance, linked, this.secrets.unseal(instance), current);
    if (isSameSpec(current, spec)) return { spec, earlier, kept, isSame: true };
    await this.links.refuseGone(sql, instance, spec);
    if (spec.kind === 'service') {
      const setId = spec.config?.setId;
      if (typeof setId === 'string') await this.configSets.keep(sql, aid, setId);
      refuseUnfitValues(type, spec, () => 'revision');
      refuseConflictingValues(type, spec);
    }
    this.dataLoss.refuseChange(instance, spec, force);
    return { spec, earlier, kept, isSame: false };
  }
}
