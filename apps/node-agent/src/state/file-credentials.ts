import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmod, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentCredentials, CredentialStore } from '@runos/agent-session';

const fileOf = { key: 'tls.key', certificate: 'tls.crt', ca: 'ca.crt' } as const satisfies Record<
  keyof AgentCredentials,
  string
>;
const parts = Object.keys(fileOf) as (keyof AgentCredentials)[];

/** Credentials in three files of one folder, readable by their owner only. They are replaced together. */
export class FileCredentials implements CredentialStore {
  readonly #pending: string;

  constructor(private readonly folder: string) {
    this.#pending = join(folder, 'pending');
  }

  /** @throws Error when key and certificate do not match, for example while a user replaces them */
  async load(): Promise<AgentCredentials | undefined> {
    await this.#movePending();
    const texts = await Promise.all(parts.map((part) => textOf(join(this.folder, fileOf[part]))));
    const [key, certificate, ca] = texts;
    if (key === undefined || certificate === undefined || ca === undefined) return undefined;
    if (!new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))) {
      throw new Error(`${fileOf.key} and ${fileOf.certificate} in ${this.folder} do not match`);
    }
    await Promise.all(parts.map((part) => chmod(join(this.folder, fileOf[part]), 0o600)));
    return { key, certificate, ca };
  }

  async save(credentials: AgentCredentials): Promise<void> {
    await this.#movePending();
    const staging = join(this.folder, 'staging');
    await rm(staging, { recursive: true, force: true });
    await mkdir(staging, { recursive: true, mode: 0o700 });
    for (const part of parts) await writeDurably(join(staging, fileOf[part]), credentials[part]);
    await rename(staging, this.#pending); // from now on the new credentials are valid, also after a crash
    await this.#movePending();
  }

  /** Moves completely saved files to their place. Does nothing when there are none. */
  async #movePending(): Promise<void> {
    for (const part of parts) {
      await rename(join(this.#pending, fileOf[part]), join(this.folder, fileOf[part])).catch(unlessAbsent);
    }
    await rm(this.#pending, { recursive: true, force: true });
  }
}

const textOf = (path: string): Promise<string | undefined> => readFile(path, 'utf8').catch(unlessAbsent);

function unlessAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}
