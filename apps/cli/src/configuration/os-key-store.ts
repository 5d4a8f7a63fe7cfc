import { spawnSync } from 'node:child_process';
import { CliError } from '../failure/cli-error.js';

/** Keys by the account that they are of. */
export interface KeyStore {
  /** undefined for an account without a key. @throws CliError when the store does not answer */
  read(accountId: string): string | undefined;
  /** @throws CliError when the store does not keep it */
  write(accountId: string, key: string): void;
  /** @throws CliError when the store does not answer */
  remove(accountId: string): void;
}

interface Call {
  readonly args: readonly string[];
  /** For standard input: other users can read arguments. */
  readonly input?: string;
}

/** The program of a platform for its key store. */
interface StoreProgram {
  readonly name: string;
  readonly read: (accountId: string) => Call;
  readonly write: (accountId: string, key: string) => Call;
  readonly remove: (accountId: string) => Call;
  /** Exit code for an account without a key, when nothing is reported. */
  readonly missing: number;
}

const service = 'runos';

const secretTool: StoreProgram = {
  name: 'secret-tool',
  read: (accountId) => ({ args: ['lookup', 'service', service, 'account', accountId] }),
  write: (accountId, key) => ({
    args: ['store', '--label', `RunOS key of account ${accountId}`, 'service', service, 'account', accountId],
    input: key,
  }),
  remove: (accountId) => ({ args: ['clear', 'service', service, 'account', accountId] }),
  missing: 1,
};

const security: StoreProgram = {
  name: 'security',
  read: (accountId) => ({ args: ['find-generic-password', '-s', service, '-a', accountId, '-w'] }),
  // In its interactive mode it reads commands, so that the key is no argument.
  write: (accountId, key) => ({
    args: ['-i'],
    input: `add-generic-password -U -s ${service} -a ${accountId} -w "${key}"\n`,
  }),
  remove: (accountId) => ({ args: ['delete-generic-password', '-s', service, '-a', accountId] }),
  missing: 44, // errSecItemNotFound
};

const programs: Readonly<Partial<Record<NodeJS.Platform, StoreProgram>>> = { linux: secretTool, darwin: security };

/** The store may prompt its user for a password, ms. */
const timeoutMs = 60_000;

/** The key store of the operating system: the Secret Service on Linux, the keychain on macOS. */
export class OsKeyStore implements KeyStore {
  readonly #known = new Map<string, string | undefined>();

  constructor(
    private readonly env: Readonly<Record<string, string | undefined>>,
    private readonly platform: NodeJS.Platform = process.platform,
  ) {}

  read(accountId: string): string | undefined {
    if (!this.#known.has(accountId)) this.#known.set(accountId, this.#look(accountId));
    return this.#known.get(accountId);
  }

  write(accountId: string, key: string): void {
    if (!/^[A-Za-z0-9]{1,64}$/.test(accountId) || !/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(key))
      throw storeError('cannot keep this key: it has characters that no key has');
    const program = this.#program();
    this.#run(program, program.write(accountId, key));
    this.#known.clear();
    // Some versions report no failure.
    if (this.read(accountId) !== key) throw storeError(`did not keep the key of account ${accountId}`);
  }

  remove(accountId: string): void {
    const program = this.#program();
    this.#run(program, program.remove(accountId));
    this.#known.clear();
  }

  #look(accountId: string): string | undefined {
    const program = this.#program();
    return this.#run(program, program.read(accountId))?.trim() || undefined;
  }

  #program(): StoreProgram {
    const program = programs[this.platform];
    if (program === undefined) throw storeError(`is not supported on ${this.platform}`);
    return program;
  }

  /** undefined for a key that does not exist. */
  #run({ name, missing }: StoreProgram, { args, input = '' }: Call): string | undefined {
    const { status, stdout, stderr, error } = spawnSync(name, args, {
      env: this.env,
      input,
      encoding: 'utf8',
      timeout: timeoutMs,
    });
    if (error !== undefined) throw storeError(`cannot be used: ${name}: ${error.message}`);
    if (status === 0) return stdout;
    const reported = stderr.trim();
    if (status === missing && (reported === '' || name === security.name)) return undefined;
    throw storeError(`does not answer: ${name}: ${reported || `exit status ${status ?? 'unknown'}`}`);
  }
}

const storeError = (problem: string): CliError =>
  new CliError(`The key store of the operating system ${problem.replace(/\.$/, '')}.`, {
    code: 'key_store.unavailable',
    remedy: 'unlock or install it, or keep keys in the configuration file: runos config set key-store file',
  });
