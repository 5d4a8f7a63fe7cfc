import { expiredRows, type RetentionRule } from '@runos/persistence';

/** Used and expired tokens stay for a while, so that the audit log can name the reason of a refusal. */
export const retentionRules: readonly RetentionRule[] = [
  expiredRows({ table: 'session', condition: `closed_at < now() - interval '7 days'` }),
  expiredRows({ table: 'registration_token', condition: `expires_at < now() - interval '7 days'` }),
  // The TLS handshake rejects expired certificates anyway.
  expiredRows({ table: 'certificate', condition: `expires_at < now() - interval '30 days'` }),
];
