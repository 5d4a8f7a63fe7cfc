import type { AgentKind } from '@runos/agent-protocol';

export interface RegistrationTokenRow {
  readonly secret_hash: string;
  readonly aid: string;
  readonly cid: string;
  readonly purpose: AgentKind;
  /** Both computed with the clock of the database. */
  readonly used: boolean;
  readonly expired: boolean;
}

export interface NewRegistrationToken {
  readonly keyId: string;
  readonly secretHash: string;
  readonly aid: string;
  readonly cid: string;
  readonly purpose: AgentKind;
  readonly createdBy: string;
  readonly ttlSeconds: number;
}
