import type { FieldChange } from './field-change.js';

/** One request of a sync. */
export interface SyncWrite {
  /** As people read it: `yaml`, `secretEnv, env`, `override probe`. */
  readonly name: string;
  readonly method: 'PATCH' | 'POST' | 'PUT' | 'DELETE';
  /** From the path of the app or the service on; empty for that itself. */
  readonly path: string;
  readonly body?: Readonly<Record<string, unknown>>;
  /** What it changes, in the terms of the file. */
  readonly changes: readonly FieldChange[];
  /** The place of the override that it creates, in the list of the file. */
  readonly createdOverride?: number;
}
