import type { AgentKey } from '../agents/agent-key.js';

export interface CertificateRow extends AgentKey {
  readonly serial: string;
  readonly fingerprint: string;
  readonly expires_at: Date;
  readonly first_used_at: Date | null;
  readonly revoked_at: Date | null;
  /** Computed with the clock of the database. */
  readonly expired: boolean;
}

export interface NewCertificate extends AgentKey {
  readonly serial: string;
  readonly fingerprint: string;
  readonly expiresAt: Date;
}
