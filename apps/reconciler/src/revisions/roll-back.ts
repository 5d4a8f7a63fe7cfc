import { Injectable } from '@nestjs/common';
import type { InputOf, OutputOf, reconciler } from '@runos/contracts';
import { refuseConflictingValues, refuseUnfitValues } from '../configuration/config-checks.js';
import { ConfigSetUseRepository } from '../configuration/config-set-use-repository.js';
import { InstanceWrites } from '../instances/instance-writes.js';
import type { Caller } from '../writes/preconditions.js';
import { jobTypeOf } from '../jobs/queue-plan.js';
import { LinkResolver } from '../links/link-resolver.js';
import { InstanceSecrets } from '../instances/instance-secrets.js';
import { PullCredentialResolver } from '../registries/pull-credential-resolver.js';
import { DataLossGuard } from './data-loss-guard.js';
import { acceptedSpec, isSameSpec } from './desired-spec.js';
import { RevisionHistory } from './revision-history.js';
import { RevisionWriter } from './revision-writer.js';
import { exceptKept, rollbackTarget } from './rollback-target.js';

type Input = InputOf<typeof reconciler.rollBackInstance>;
type RolledBack = OutputOf<typeof reconciler.rollBackInstance>;

/** Makes the spec of an earlier revision desired again, as a new revision. */
@Injectable()
export class RollBack {
  constructor(
    private readonly writes: InstanceWrites,
    private readonly history: RevisionHistory,
    private readonly configSets: ConfigSetUseRepository,
    private readonly revisions: RevisionWriter,
    private readonly dataLoss: DataLossGuard,
    private readonly links: LinkResolver,
    private readonly secrets: InstanceSecrets,
    private readonly pulls: PullCredentialResolver,
  ) {}

  /**
   * @throws Fault `revision.not_found`; `configset.not_found` for a config set that was deleted since
   * @throws Fault `configset.invalid`, `sizing.invalid` for settings that do not fit the version or the size of today
   */
  run(input: Input, caller: Caller): Promise<RolledBack> {
    return this.writes.run<RolledBack>(input, caller, async (sql, instance) => {
      const { osid, type } = instance;
      const { revision, force } = input;
      const current = acceptedSpec(instance);
      const target = rollbackTarget(current, (await this.history.get(sql, instance, revision)).spec);
      const { kept } = target;
      const linked = await this.links.refresh(sql, instance, target.spec);
      const spec = await this.pulls.refresh(sql, instance, linked, this.secrets.unseal(instance), current);
      if (isSameSpec(current, spec)) {
        const message = `${osid} has the spec of revision ${revision} already${exceptKept(kept)}.`;
        return { osid, noOp: true, message };
      }
      await this.links.refuseGone(sql, instance, spec);
      if (spec.kind === 'service') {
        const setId = spec.config?.setId;
        if (typeof setId === 'string') await this.configSets.keep(sql, caller.tenant, setId);
        refuseUnfitValues(type, spec, () => 'revision');
        refuseConflictingValues(type, spec);
      }
      this.dataLoss.refuseChange(instance, spec, force);
      const { changedBy } = caller;
      const jobId = await this.revisions.writeSpec(sql, instance, {
        spec,
        type: jobTypeOf(instance.kind, 'update'),
        changedBy,
        force,
      });
      return { jobId, kept: [...kept] };
    });
  }
}
