import { homedir } from 'node:os';
import { join } from 'node:path';
import { usageError } from './failure/cli-error.js';

/** The settings of the program that environment variables hold. Each wins over the configuration file. */
export interface Environment {
  readonly apiUrl?: string;
  readonly apiKey?: string;
  readonly accountId?: string;
  readonly clusterId?: string;
  readonly consoleUrl?: string;
  /** The folder of the configuration and the cache. */
  readonly folder: string;
}

/** A secret or an account that a script meant to set must not fall back silently to what is stored. */
const neverEmpty = ['RUNOS_API_KEY', 'RUNOS_ACCOUNT_ID'] as const;

/** @throws CliError when a variable that must not be empty is empty */
export function environmentOf(env: Readonly<Record<string, string | undefined>>): Environment {
  const valueOf = (name: string) => env[name]?.trim() || undefined;
  const empty = neverEmpty.find((name) => env[name] !== undefined && valueOf(name) === undefined);
  if (empty !== undefined)
    throw usageError(`${empty} is set but empty.`, { field: empty, remedy: `give it a value, or run: unset ${empty}` });
  return {
    apiUrl: valueOf('RUNOS_API_URL'),
    apiKey: valueOf('RUNOS_API_KEY'),
    accountId: valueOf('RUNOS_ACCOUNT_ID'),
    clusterId: valueOf('RUNOS_CLUSTER_ID'),
    consoleUrl: valueOf('CONSOLE_URL'),
    folder: join(valueOf('HOME') ?? homedir(), '.runos'),
  };
}
