import { Injectable } from '@nestjs/common';
import type { UpdatedService } from '@runos/api';
import type { JobProgress, reconciler } from '@runos/contracts';
import { Database, idempotent, runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import type { By } from '../by.js';
import { refuseStale } from '../refuse-stale.js';
import { Accepted } from './accepted.js';
import type { InstanceRow } from './instance-row.js';
import { type InstanceName, Instances } from './instances.js';
import { planUpdate } from './plan-update.js';
import { rename } from './rename.js';
import { Resolver } from './resolver.js';
import { refuseDeleting, WriteInstance } from './write-instance.js';

type Update = z.output<typeof reconciler.updateInstance.input>;
type Delete = z.output<typeof reconciler.deleteInstance.input>;
type Updated = z.output<typeof UpdatedService>;
type Restarted = z.output<typeof reconciler.restartInstance.output>;

/** What a write answers, and the job it opened, if it did. */
interface Done<Answer> {
  readonly answer: Answer;
  readonly opened?: JobProgress;
}

/** The writes to an instance that exists: each locks it, checks what the caller knew of it, and is done once per key. */
@Injectable()
export class ChangeInstance {
  constructor(
    private readonly database: Database,
    private readonly instances: Instances,
    private readonly resolver: Resolver,
    private readonly write: WriteInstance,
    private readonly accepted: Accepted,
  ) {}

  async update(input: Update, by: By): Promise<Updated> {
    const { fields } = input;
    // Asked before the lock, of what is read here; should another write come in between, it is asked again.
    const before = await this.instances.get(this.database.manager, by.tenant, input);
    let wish = before.deleting ? undefined : await this.resolver.forChange(before, fields);
    return this.#write<Updated>(input, by, async (sql, instance) => {
      if (wish === undefined || instance.generation !== before.generation) {
        wish = await this.resolver.forChange(instance, fields);
      }
      const { osid, iid } = instance;
      const plan = planUpdate(instance, { name: fields.name, spec: wish.spec });
      if (plan === 'nothing') return { answer: { osid, noOp: true, message: `${osid} is as asked for already.` } };
      if (fields.name !== undefined && fields.name !== instance.name) {
        if (plan === 'rename') {
          await rename(sql, instance.id, fields.name, by.who);
          return { answer: { id: iid, osid, name: fields.name } };
        }
        await runSql(sql, 'UPDATE instance SET name = $2 WHERE id = $1', [instance.id, fields.name]);
      }
      const opened = await this.write.apply(sql, instance, { spec: wish.spec, type: 'service.update', who: by.who });
      const hint = wish.rrcFlipHint === undefined ? {} : { rrcFlipHint: wish.rrcFlipHint };
      return { answer: { jobId: opened.job.id, ...hint }, opened };
    });
  }

  restart(input: Delete, by: By): Promise<Restarted> {
    return this.#write<Restarted>(input, by, async (sql, instance) => {
      const spec = { ...instance.spec, restartedAt: instance.now.toISOString() };
      const opened = await this.write.apply(sql, instance, { spec, type: 'service.restart', who: by.who });
      const message = `${instance.osid} is being restarted.`;
      return { answer: { osid: instance.osid, message, jobId: opened.job.id }, opened };
    });
  }

  delete(input: Delete, by: By): Promise<{ jobId: string }> {
    return this.#write<{ jobId: string }>(input, by, async (sql, instance) => {
      const opened = await this.write.remove(sql, instance, by.who);
      return { answer: { jobId: opened.job.id }, opened };
    });
  }

  async #write<Answer>(
    input: InstanceName & Pick<Delete, 'idempotency' | 'ifGeneration'>,
    { tenant }: By,
    work: (sql: EntityManager, instance: InstanceRow) => Promise<Done<Answer>>,
  ): Promise<Answer> {
    const { idempotency, ifGeneration } = input;
    let opened: JobProgress | undefined;
    const answer = await this.database.transaction((sql) => {
      opened = undefined;
      return idempotent(sql, { tenant, idempotency }, async () => {
        const instance = await this.instances.lock(sql, tenant, input);
        refuseDeleting(instance);
        refuseStale(instance.osid, instance, ifGeneration);
        const done = await work(sql, instance);
        opened = done.opened;
        return done.answer;
      });
    });
    await this.accepted.follow(opened);
    return answer;
  }
}
