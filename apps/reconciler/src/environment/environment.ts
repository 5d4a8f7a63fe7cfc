import { canonicalJson } from '@runos/kube-objects';
import { createHmac } from 'node:crypto';

/** A file that only the containers of an app can read. */
export interface FileEntry {
  readonly filename: string;
  readonly mountPath: string;
}

interface StoredFile extends FileEntry {
  /** The key of the file in a Secret, where names may not have every character. */
  readonly key: string;
  readonly digest: string;
}

/** The variables and files of an app, as a revision stores them: nothing secret is readable. */
export interface Environment {
  /** Variables that are not secret. */
  readonly env: Readonly<Record<string, string>>;
  /** Digests of the secret variables by name. Equal values of one app have equal digests. */
  readonly secretEnv: Readonly<Record<string, string>>;
  /** Likewise of the variables that its links set. */
  readonly linkedEnv: Readonly<Record<string, string>>;
  readonly secretFiles: readonly StoredFile[];
  /** Of all of them; empty: there have been none. */
  readonly digest: string;
  /** The values of what has digests, sealed; null: there are none. */
  readonly sealed: string | null;
}

export const emptyEnvironment: Environment = {
  env: {},
  secretEnv: {},
  linkedEnv: {},
  secretFiles: [],
  digest: '',
  sealed: null,
};

/** Variables and files in the clear; never stored or logged. */
export interface OpenEnvironment {
  readonly env: Readonly<Record<string, string>>;
  readonly secretEnv: Readonly<Record<string, string>>;
  readonly linkedEnv: Readonly<Record<string, string>>;
  /** In the order of their names; `content` is base64. */
  readonly secretFiles: readonly (FileEntry & { readonly content: string })[];
}

/** What is sealed of an environment. */
export type SealedContents = Omit<OpenEnvironment, 'env'>;

/**
 * A digest of secret values. It is keyed, so that no short value can be guessed from it, and cut to 128 bits, which is
 * enough to find differences.
 */
export const digestOf = (key: string, ...parts: unknown[]): string =>
  createHmac('sha256', key).update(canonicalJson(parts)).digest('hex').slice(0, 32);

/** What a revision stores in the clear. */
export function digestsOf(open: OpenEnvironment, key: string): Omit<Environment, 'sealed'> {
  const digests = (values: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, digestOf(key, name, value)]));
  const { env } = open;
  const [secretEnv, linkedEnv] = [digests(open.secretEnv), digests(open.linkedEnv)];
  const secretFiles = open.secretFiles.map(({ filename, mountPath, content }) => ({
    filename,
    mountPath,
    key: `file-${digestOf(key, filename)}`,
    digest: digestOf(key, filename, content),
  }));
  return { env, secretEnv, linkedEnv, secretFiles, digest: digestOf(key, env, secretEnv, linkedEnv, secretFiles) };
}
