import type { ApiClient } from '../http/api-client.js';

/** The app or service that a sync writes. */
export interface SyncTarget {
  readonly client: ApiClient;
  /** In the API. */
  readonly path: string;
  /** For people. */
  readonly name: string;
  /** The command that compares it with its file: `runos apps diff`. */
  readonly diff: string;
  /** The command that writes it: `runos apps sync`. */
  readonly sync: string;
  /** From which the plan was made; undefined when the server shows none. */
  readonly generation?: number | undefined;
}
