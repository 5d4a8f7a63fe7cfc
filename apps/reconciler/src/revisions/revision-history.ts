import { Injectable } from '@nestjs/common';
import type { InputOf, OutputOf, reconciler } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { Database } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import { type InstanceName, InstanceRepository } from '../instances/instance-repository.js';
import { pageOf, readCursor } from '../instances/page-cursor.js';
import type { InstanceRow } from '../schema/instance-row.js';
import { changedFields, fieldsOf } from './revision-fields.js';
import { RevisionRepository, type RevisionRow, type StoredRevision } from './revision-repository.js';

type Page = OutputOf<typeof reconciler.listInstanceRevisions>;
type Shown = OutputOf<typeof reconciler.showInstanceRevision>;
type Diff = OutputOf<typeof reconciler.diffInstanceRevision>;

/** Reads the stored specs of instances. Tombstones are no specs. */
@Injectable()
export class RevisionHistory {
  constructor(
    private readonly database: Database,
    private readonly instances: InstanceRepository,
    private readonly revisions: RevisionRepository,
  ) {}

  /** Newest first. */
  async list(input: InputOf<typeof reconciler.listInstanceRevisions>, tenant: string): Promise<Page> {
    const instance = await this.#instance(input, tenant);
    const before = readCursor(input.cursor) ?? Number.MAX_SAFE_INTEGER;
    const found = await this.revisions.list(this.database.manager, instance.id, { before, limit: input.limit + 1 });
    const rows = found.map((row) => ({ ...row, id: row.revision }));
    const { page, nextCursor } = pageOf(rows, input.limit);
    return { revisions: page.map((row) => summaryOf(instance, row)), nextCursor };
  }

  /** @throws Fault `revision.not_found` */
  async show(input: InputOf<typeof reconciler.showInstanceRevision>, tenant: string): Promise<Shown> {
    const instance = await this.#instance(input, tenant);
    const row = await this.get(this.database.manager, instance, input.revision);
    return { ...summaryOf(instance, row), fields: fieldsOf(row.spec) };
  }

  /** @throws Fault `revision.not_found` for either revision */
  async diff(input: InputOf<typeof reconciler.diffInstanceRevision>, tenant: string): Promise<Diff> {
    const sql = this.database.manager;
    const instance = await this.#instance(input, tenant);
    const { revision: from, to = instance.revision } = input;
    const [before, after] = [await this.get(sql, instance, from), await this.get(sql, instance, to)];
    return { from, to, changes: changedFields(before.spec, after.spec) };
  }

  /** A stored spec. @throws Fault `revision.not_found` with its number */
  async get(
    sql: EntityManager,
    { id, osid }: Pick<InstanceRow, 'id' | 'osid'>,
    revision: number,
  ): Promise<StoredRevision> {
    const row = await this.revisions.find(sql, id, revision);
    if (row !== undefined) return row;
    throw new Fault(
      'revision.not_found',
      `${osid} has no stored revision ${revision}; older ones are deleted. List its revisions to see those that are kept.`,
      { revision },
    );
  }

  #instance = (name: InstanceName, tenant: string): Promise<InstanceRow> =>
    this.instances.get(this.database.manager, tenant, name);
}

const summaryOf = (instance: InstanceRow, row: RevisionRow) => ({
  revision: row.revision,
  generation: row.generation,
  current: row.revision === instance.revision,
  changedBy: row.changed_by,
  jobId: row.job_id,
  createdAt: row.created_at.toISOString(),
});
