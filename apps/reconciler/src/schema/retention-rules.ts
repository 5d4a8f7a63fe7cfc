import { dayMs } from '@runos/kernel';
import { expiredRows, type RetentionRule } from '@runos/persistence';
import type { ReconcilerConfig } from '../config.js';

type Kept = Pick<ReconcilerConfig, 'jobKeepDays' | 'eventKeepDays' | 'revisionsKept'>;

/** What this service deletes after a while: ended jobs and upgrade waves, events and older revisions. */
export const retentionRules = ({ jobKeepDays, eventKeepDays, revisionsKept }: Kept): readonly RetentionRule[] => [
  expiredRows({
    table: 'job_ref',
    condition: 'outcome IS NOT NULL AND completed_at < now() - ms($1)',
    values: [jobKeepDays * dayMs],
  }),
  expiredRows({ table: 'upgrade_wave', condition: 'completed_at < now() - ms($1)', values: [jobKeepDays * dayMs] }),
  expiredRows({ table: 'instance_event', condition: 'at < now() - ms($1)', values: [eventKeepDays * dayMs] }),
  expiredRows({
    table: 'revision',
    // The instances with so many revisions are few, and the primary key finds their older ones.
    condition: `(instance_id, revision) IN (
      SELECT r.instance_id, r.revision FROM instance i
      JOIN revision r ON r.instance_id = i.id AND r.revision < i.revision - $1 WHERE i.revision > $1)`,
    values: [revisionsKept],
  }),
];
