import { createCipheriv, createDecipheriv } from 'node:crypto';
import { secret } from '@runos/config';
import { type Random, systemRandom } from '@runos/kernel';
import { z } from 'zod';

/** A key-encryption key: 32 bytes, known by its id. */
export interface KeyEncryptionKey {
  readonly id: string;
  readonly key: Uint8Array;
}

const algorithm = 'aes-256-gcm';
const keyBytes = 32;
const ivBytes = 12;
const tagBytes = 16;
const keyId = /^[A-Za-z0-9_-]{1,32}$/;

/**
 * Envelope encryption of stored secrets (AES-256-GCM). Each value has its own data key, encrypted by the newest key of
 * the ring. The value names that key, so older keys still open it. `context` binds a value to its row (`pat/abc123`):
 * copied to another row it does not open.
 *
 * A sealed value reads `<key id>.<encrypted data key>.<encrypted text>`.
 */
export class Keyring {
  readonly #keys: ReadonlyMap<string, Uint8Array>;
  readonly #current: KeyEncryptionKey;

  /**
   * The first key seals, every key opens.
   * @throws Error without key material
   */
  constructor(
    keys: readonly KeyEncryptionKey[],
    private readonly random: Random = systemRandom,
  ) {
    const [current] = keys;
    if (current === undefined) throw new Error('a keyring needs at least one key');
    for (const { id, key } of keys) {
      if (!keyId.test(id)) throw new Error(`${JSON.stringify(id)} is no key id: 1 to 32 letters, digits, - or _`);
      if (key.length !== keyBytes) throw new Error(`key ${id} has ${key.length} bytes; it needs ${keyBytes}`);
    }
    this.#keys = new Map(keys.map(({ id, key }) => [id, key]));
    if (this.#keys.size !== keys.length) throw new Error('two keys of the ring have the same id');
    this.#current = current;
  }

  /** Encrypts with a new data key, which the first key wraps. Only the same `context` opens the result. */
  seal(text: string, context: string): string {
    const dataKey = this.random.bytes(keyBytes);
    const data = this.#encrypt(dataKey, Buffer.from(text), context);
    return [this.#current.id, this.#wrap(dataKey, context), data].join('.');
  }

  /** @throws Error when the key is not in the ring, the value was changed, or `context` differs */
  unseal(sealed: string, context: string): string {
    const [id, wrapped, data] = partsOf(sealed);
    return decrypt(this.#unwrap(id, wrapped, context), data, context).toString();
  }

  #wrap(dataKey: Uint8Array, context: string): string {
    return this.#encrypt(this.#current.key, dataKey, `${this.#current.id}|${context}`);
  }

  #unwrap(id: string, wrapped: string, context: string): Uint8Array {
    const key = this.#keys.get(id);
    if (key === undefined) throw new Error(`sealed with key ${JSON.stringify(id)}, which is not in the keyring`);
    return decrypt(key, wrapped, `${id}|${context}`);
  }

  #encrypt(key: Uint8Array, plain: Uint8Array, context: string): string {
    const iv = this.random.bytes(ivBytes);
    const cipher = createCipheriv(algorithm, key, iv).setAAD(Buffer.from(context));
    return Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]).toString('base64url');
  }
}

function decrypt(key: Uint8Array, text: string, context: string): Buffer {
  const bytes = Buffer.from(text, 'base64url');
  const end = bytes.length - tagBytes;
  if (end < ivBytes) throw new Error('a sealed value is cut off');
  const decipher = createDecipheriv(algorithm, key, bytes.subarray(0, ivBytes), { authTagLength: tagBytes })
    .setAAD(Buffer.from(context))
    .setAuthTag(bytes.subarray(end));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(ivBytes, end)), decipher.final()]);
  } catch (error) {
    throw new Error(`the sealed value of ${context} does not open: it was changed or sealed for another row`, {
      cause: error,
    });
  }
}

function partsOf(sealed: string): [id: string, wrapped: string, data: string] {
  const parts = sealed.split('.');
  if (parts.length !== 3) throw new Error('that is no sealed value');
  return parts as [string, string, string];
}

const form = 'newest key first, comma separated, each <id>:<32 bytes in base64>';

/** The setting of a service that encrypts stored secrets: `RUNOS_KEYRING=2030b:…,2030a:…`. */
export const keyringSettings = {
  keyring: secret(z.string().refine((text) => readKeyring(text) !== undefined, { error: form })).transform(
    (text) => new Keyring(readKeyring(text) ?? []),
  ),
};

/** One key in the format of the setting, for key generation. */
export const keyringEntry = ({ id, key }: KeyEncryptionKey): string => `${id}:${Buffer.from(key).toString('base64')}`;

function readKeyring(text: string): KeyEncryptionKey[] | undefined {
  const keys = text.split(',').map((entry) => {
    const [id = '', key = ''] = entry.split(':');
    return { id, key: Buffer.from(key, 'base64') };
  });
  try {
    new Keyring(keys);
    return keys;
  } catch {
    return undefined; // the setting's own message names the format without showing a key
  }
}
