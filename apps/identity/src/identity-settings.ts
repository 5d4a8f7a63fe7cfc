/** What the rules of this service may be set to. */
export class IdentitySettings {
  /** How long a log-in lasts. */
  readonly sessionSeconds: number;
  /** Usable personal access tokens per account. */
  readonly maxApiKeys: number;
  /** Failed log-ins of one person from one address within 15 minutes. */
  readonly maxFailedLogIns: number;

  constructor({ sessionSeconds, maxApiKeys, maxFailedLogIns }: Readonly<IdentitySettings>) {
    this.sessionSeconds = sessionSeconds;
    this.maxApiKeys = maxApiKeys;
    this.maxFailedLogIns = maxFailedLogIns;
  }
}
