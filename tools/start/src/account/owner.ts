import type { Operator } from './create-account.js';
import { type DataFolder } from '../data/data-folder.js';

export interface Owner {
  readonly aid: string;
  readonly email: string;
  readonly password: string;
  readonly token: string;
  /** Created by this start, which prints the log-in. */
  readonly isNew: boolean;
}

const file = 'account.json';

/** The account that the first start creates, with its owner. */
export async function ensureOwner(folder: DataFolder, operator: Operator): Promise<Owner> {
  const stored = folder.readJson<Omit<Owner, 'isNew'>>(file);
  if (stored) return { ...stored, isNew: false };
  const created = await createOwner(operator, 'owner@runos.example');
  folder.writeJson(file, created);
  return { ...created, isNew: true };
}

/** Takes another email address when a killed start created the user but did not store the password. */
async function createOwner(operator: Operator, email: string, attempt = 1): Promise<Omit<Owner, 'isNew'>> {
  // Only the first start needs this module, and loading it takes half a second.
  const { createAccount } = await import('./create-account.js');
  const { aid, password, token } = await createAccount(operator, email, 'demo');
  if (password !== null) return { aid, email, password, token };
  return createOwner(operator, `owner-${attempt}@runos.example`, attempt + 1);
}
