import { Injectable } from '@nestjs/common';
import type { InstanceKind } from '@runos/api';
import type { InputOf, OutputOf, reconciler } from '@runos/contracts';
import { AppSource } from '@runos/service-types';
import { InstanceWrites } from '../instances/instance-writes.js';
import type { Caller } from '../writes/preconditions.js';
import { remarksOf } from '../instances/remarks-of.js';
import { LinkRemarks } from '../links/link-remarks.js';
import { jobTypeOf } from '../jobs/queue-plan.js';
import { RevisionWriter } from './revision-writer.js';
import { RollbackResolver } from './rollback-resolver.js';
import { exceptKept } from './rollback-target.js';

type Input = InputOf<typeof reconciler.rollBackInstance>;
type RolledBack = OutputOf<typeof reconciler.rollBackInstance>;

/**
 * What describes an instance, by its kind. Revisions hold what is rendered only, and a change of these makes none; so they
 * never go back.
 */
const describedFields: Readonly<Record<InstanceKind, readonly string[]>> = {
  service: ['name'],
  app: ['name', ...Object.keys(AppSource.shape)],
};

/** Makes the spec of an earlier revision desired again, as a new revision. */
@Injectable()
export class RollBack {
  constructor(
    private readonly writes: InstanceWrites,
    private readonly resolver: RollbackResolver,
    private readonly revisions: RevisionWriter,
    private readonly linkRemarks: LinkRemarks,
  ) {}

  /** @throws Fault as `RollbackResolver` and `RevisionWriter` */
  run(input: Input, caller: Caller): Promise<RolledBack> {
    return this.writes.run<RolledBack>(input, caller, async (sql, instance) => {
      const { osid } = instance;
      const { revision, force } = input;
      const { spec, kept, isSame } = await this.resolver.resolve(sql, instance, { revision, force });
      if (isSame) {
        const message = `${osid} has the spec of revision ${revision} already${exceptKept(kept)}.`;
        return { osid, noOp: true, message };
      }
      const { changedBy } = caller;
      const warnings = await this.linkRemarks.of(sql, instance, spec);
      const jobId = await this.revisions.writeSpec(sql, instance, {
        spec,
        type: jobTypeOf(instance.kind, 'update'),
        changedBy,
        force,
      });
      return { jobId, kept: [...kept, ...describedFields[instance.kind]], ...remarksOf({ warnings }) };
    });
  }
}
