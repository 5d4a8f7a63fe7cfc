import { Injectable } from '@nestjs/common';
import type { CreatedService } from '@runos/api';
import type { reconciler } from '@runos/contracts';
import { setCondition } from '@runos/kernel';
import { Database, databaseNow, idempotent } from '@runos/persistence';
import { resolveAppSource } from '@runos/service-types';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import { jobTypeOf } from '../jobs/queue-plan.js';
import { JobStarter, mintJobId } from '../jobs/job-starter.js';
import { AppReferences } from '../links/app-references.js';
import { describeSpec } from '../revisions/desired-spec.js';
import { RevisionRepository } from '../revisions/revision-repository.js';
import { acceptedCondition } from '../revisions/revision-writer.js';
import type { Caller } from '../writes/preconditions.js';
import { CreationResolver, type ResolvedCreation } from './creation-resolver.js';
import { InstanceSecrets } from './instance-secrets.js';
import { remarksOf } from './remarks-of.js';

type Input = z.output<typeof reconciler.createInstance.input>;
type Created = z.output<typeof CreatedService>;

@Injectable()
export class CreateInstance {
  constructor(
    private readonly database: Database,
    private readonly creations: CreationResolver,
    private readonly revisions: RevisionRepository,
    private readonly references: AppReferences,
    private readonly secrets: InstanceSecrets,
    private readonly jobs: JobStarter,
  ) {}

  /** @throws Fault as `CreationResolver`; `conflict.idempotency` */
  async run(input: Input, caller: Caller): Promise<Created> {
    const { tenant } = caller;
    const { idempotency } = input;
    const resolve = await this.creations.prepare(input, tenant);
    return this.database.transaction((sql) =>
      idempotent(sql, { tenant, idempotency }, async () => this.#create(sql, input, await resolve(sql), caller)),
    );
  }

  async #create(
    sql: EntityManager,
    { cid, type, fields }: Input,
    created: ResolvedCreation,
    caller: Caller,
  ): Promise<Created> {
    const { tenant, changedBy } = caller;
    const { cluster, osid, iid, displayName, spec, rrcFlipHint, secrets, awaitedAddons, warnings } = created;
    const { digest, bytes } = created.bundle;
    const now = await databaseNow(sql);
    const jobId = mintJobId(now);
    const instanceId = await this.revisions.createInstance(sql, {
      spec,
      aid: tenant,
      clusterId: cluster.id,
      iid,
      type,
      osid,
      name: displayName,
      source: spec.kind === 'app' ? resolveAppSource(fields, {}) : {},
      secretsSealed: this.secrets.seal(osid, secrets.generated),
      digest,
      jobId,
      changedBy,
      conditions: setCondition([], acceptedCondition, 1, now),
    });
    await this.references.store(sql, { id: instanceId, aid: tenant }, spec);
    await this.jobs.start(sql, {
      jobId,
      type: jobTypeOf(spec.kind, 'create'),
      kind: 'apply',
      aid: tenant,
      cid,
      clusterId: cluster.id,
      instanceId,
      osid,
      generation: 1,
      revision: 1,
      connected: cluster.connected,
      installsAddon: awaitedAddons.length > 0,
      now,
      logs: [
        { step: 'validate', level: 'info', message: describeSpec(spec) },
        { step: 'render', level: 'info', message: `Rendered ${bytes} bytes, digest ${digest.slice(0, 12)}.` },
        ...awaitedAddons,
      ],
    });
    const remarks = remarksOf({ rrcFlipHint, warnings });
    return { id: iid, osid, name: displayName, status: 'pending', jobId, ...remarks };
  }
}
