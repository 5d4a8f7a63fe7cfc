import { secret } from '@runos/config';
import { z } from 'zod';
import { type KeyEncryptionKey, Keyring } from './keyring.js';

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
