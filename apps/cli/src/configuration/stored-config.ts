/** An account with its own key, so that `account switch` needs no log-in. */
export interface KnownAccount {
  readonly accountId: string;
  readonly apiKey?: string;
  readonly addedAt?: string;
  readonly lastUsedAt?: string;
  readonly active?: boolean;
}

/** What a person has chosen and logged in to. */
export interface StoredConfig {
  readonly apiUrl?: string;
  readonly consoleUrl?: string;
  readonly accountId?: string;
  readonly clusterId?: string;
  readonly apiKey?: string;
  readonly signedInAt?: string;
  readonly knownAccounts?: readonly KnownAccount[];
  /** Where keys are: the key store of the operating system, else the file itself. */
  readonly keyStore?: 'os';
}
