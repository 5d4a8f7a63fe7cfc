import { expiredRows, type RetentionRule } from '@runos/persistence';
import { failureWindowMinutes } from '../sessions/failed-log-in-repository.js';

/** Until then the token of an expired session gets the reply that it has expired, and not that it is unknown. */
const expiredSessionsKept = `interval '30 days'`;

/** What log-ins leave behind. Failures are deleted when they do not count any more, because they name a person. */
export const retentionRules: readonly RetentionRule[] = [
  expiredRows({ table: 'session', condition: `expires_at < now() - ${expiredSessionsKept}` }),
  expiredRows({
    table: 'failed_log_in',
    condition: 'failed_at <= now() - make_interval(mins => $1)',
    values: [failureWindowMinutes],
  }),
];
