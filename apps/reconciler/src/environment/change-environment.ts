import { Injectable } from '@nestjs/common';
import type { InputOf, OutputOf, reconciler } from '@runos/contracts';
import { InjectConfig } from '@runos/messaging';
import { app } from '@runos/service-types';
import type { ReconcilerConfig } from '../config.js';
import { InstanceSecrets } from '../instances/instance-secrets.js';
import { InstanceWrites } from '../instances/instance-writes.js';
import { remarksOf } from '../instances/remarks-of.js';
import { ignoredVariables } from '../links/link-remarks.js';
import { LinkResolver } from '../links/link-resolver.js';
import { acceptedAppSpec, type AppSpec, isSameSpec } from '../revisions/desired-spec.js';
import { RevisionWriter } from '../revisions/revision-writer.js';
import type { Caller } from '../writes/preconditions.js';
import { changeOpenEnvironment } from './change-open-environment.js';

type Input = InputOf<typeof reconciler.changeEnvironment>;
type Changed = OutputOf<typeof reconciler.changeEnvironment>;

/** Changes the variables and secret files of apps. Each change is a revision with one rollout. */
@Injectable()
export class ChangeEnvironment {
  constructor(
    private readonly writes: InstanceWrites,
    private readonly secrets: InstanceSecrets,
    private readonly links: LinkResolver,
    private readonly revisions: RevisionWriter,
    @InjectConfig() private readonly config: ReconcilerConfig,
  ) {}

  /** @throws Fault `request.invalid` as `changeOpenEnvironment`; `request.too_large` */
  run(input: Input, caller: Caller): Promise<Changed> {
    return this.writes.run<Changed>({ ...input, type: app.type }, caller, async (sql, instance) => {
      const { osid } = instance;
      const current = acceptedAppSpec(instance);
      const secrets = this.secrets.unseal(instance);
      const linked = await this.links.refresh(sql, instance, current);
      const before = secrets.open(linked.environment);
      const open = changeOpenEnvironment(before, input.change, this.config);
      const remarks = remarksOf({ warnings: ignoredVariables(current, before.linkedEnv, input.change.secretEnvVars) });
      const environment = this.secrets.sealEnvironment(osid, secrets, open, current.environment);
      const spec: AppSpec = { ...current, environment };
      if (isSameSpec(current, spec)) {
        return { osid, noOp: true, message: `${osid} has these values already.`, ...remarks };
      }
      const { changedBy } = caller;
      const jobId = await this.revisions.writeSpec(sql, instance, { spec, type: 'app.env.update', changedBy });
      return { jobId, ...remarks };
    });
  }
}
