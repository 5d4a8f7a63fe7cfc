import type { AgentKind } from '@runos/agent-protocol';
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

export interface RegistrationTokenRow {
  readonly secret_hash: string;
  readonly aid: string;
  readonly cid: string;
  readonly purpose: AgentKind;
  /** Both computed with the clock of the database. */
  readonly used: boolean;
  readonly expired: boolean;
}
