import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { InstanceRow } from '../schema/instance-row.js';
import { changedFields } from './revision-fields.js';
import { RevisionRepository, type StoredRevision } from './revision-repository.js';

/** A sentence names this many changes at most, and fields of each. */
const maxNamed = 5;

/** The accepted changes that a rollback takes back beside the one that has failed. */
@Injectable()
export class UndoneChanges {
  constructor(private readonly revisions: RevisionRepository) {}

  /** A sentence with a leading space about the changes after a revision and before the current one; empty without any. */
  async describe(sql: EntityManager, { id, revision: current }: InstanceRow, after: number): Promise<string> {
    const rows = await this.revisions.listStored(sql, id, { from: after, before: current, limit: maxNamed + 2 });
    const changes = rows.flatMap((row, index) => describeChange(row, rows[index + 1]));
    const named = changes.slice(0, maxNamed);
    if (named.length === 0) return '';
    return ` This also takes back ${named.join(', ')}${changes.length > maxNamed ? ', and earlier changes' : ''}.`;
  }
}

/** A restart changes nothing that a rollback takes back. */
function describeChange(row: StoredRevision, before: StoredRevision | undefined): string[] {
  const changed = before === undefined ? [] : changedFields(before.spec, row.spec);
  const fields = changed.map(({ field }) => field).filter((field) => field !== 'restartedAt');
  if (fields.length === 0) return [];
  const more = fields.length > maxNamed ? ' …' : '';
  return [`revision ${row.revision} by ${row.changed_by} (${fields.slice(0, maxNamed).join(', ')}${more})`];
}
