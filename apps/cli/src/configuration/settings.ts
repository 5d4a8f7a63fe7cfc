import type { Environment } from '../config.js';
import { CliError } from '../failure/cli-error.js';
import type { StoredConfig } from './stored-config.js';

/** What holds for this process: environment variables, else the configuration file. */
export interface Settings {
  readonly apiUrl?: string;
  readonly apiKey?: string;
  readonly keySource?: 'RUNOS_API_KEY' | 'stored';
  /** Stored keys are in the key store of the operating system. */
  readonly hasOsKeyStore?: boolean;
  readonly accountId?: string;
  readonly clusterId?: string;
  readonly consoleUrl?: string;
}

/** The key is read where it is used: the key store of the operating system may take a while, and fail. */
export const settingsOf = (environment: Environment, stored: StoredConfig): Settings => ({
  apiUrl: (environment.apiUrl ?? stored.apiUrl)?.replace(/\/{1,9}$/, ''),
  get apiKey() {
    return environment.apiKey ?? (stored.apiKey?.trim() || undefined);
  },
  get keySource() {
    return environment.apiKey !== undefined ? 'RUNOS_API_KEY' : stored.apiKey ? 'stored' : undefined;
  },
  hasOsKeyStore: stored.keyStore === 'os',
  accountId: environment.accountId ?? stored.accountId,
  clusterId: environment.clusterId ?? stored.clusterId,
  consoleUrl: environment.consoleUrl ?? stored.consoleUrl,
});

const present = (value: string | undefined, message: string, remedy: string): string => {
  if (value === undefined) throw new CliError(message, { code: 'config.incomplete', remedy });
  return value;
};

/** @throws CliError when no address is set */
export const requireApiUrl = ({ apiUrl }: Settings): string =>
  present(apiUrl, 'No address of a RunOS API is set.', 'runos login --api-url URL, or set RUNOS_API_URL');

/** @throws CliError without a log-in */
export const requireApiKey = ({ apiKey }: Settings): string =>
  present(apiKey, 'You are not logged in.', 'runos login, or set RUNOS_API_KEY');

/** @throws CliError when no account is chosen */
export const requireAccount = ({ accountId }: Settings): string =>
  present(accountId, 'No account is chosen.', 'runos login --account-id ID, or set RUNOS_ACCOUNT_ID');

/** @throws CliError when no cluster is chosen */
export const requireCluster = ({ clusterId }: Settings): string =>
  present(clusterId, 'No cluster is chosen.', 'give --cid CID, or run: runos clusters default CID');

/** An address that requests can be built on, without a slash at its end. @throws CliError for anything else */
export function parseApiUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol) || url.host === '')
    throw new CliError(`"${text}" is no address of an API.`, { remedy: 'give one like https://api.example.com' });
  return text.replace(/\/{1,9}$/, '');
}

const loopback = ['localhost', '127.0.0.1', '[::1]'];

/** Whether keys would be readable on their way: without TLS, to another machine. */
export function isUnprotected(apiUrl: string): boolean {
  const url = URL.canParse(apiUrl) ? new URL(apiUrl) : undefined;
  return url?.protocol === 'http:' && !loopback.includes(url.hostname);
}
