import type { RegistryCheckStatus } from '@runos/api';

/** A row of `registry_credential`. */
export class RegistryRow {
  readonly id!: number;
  readonly registry_id!: string;
  readonly aid!: string;
  /** The one spelling of the registry. */
  readonly host!: string;
  readonly name!: string;
  readonly username!: string;
  readonly password_sealed!: string;
  readonly check_status!: RegistryCheckStatus;
  readonly check_message!: string | null;
  readonly checked_at!: Date;
  readonly created_at!: Date;
  readonly updated_at!: Date;
}

/** A row of `credential_rollout`. */
export interface CredentialRolloutRow {
  readonly id: number;
  readonly aid: string;
  readonly instance_id: number;
  readonly changed_by: string;
  /** Attempts that have failed in a row. */
  readonly failures: number;
}

/** Why an app was refused with its credentials, and since when (ISO 8601). */
export interface CredentialRefusal {
  readonly message: string;
  readonly since: string;
}
