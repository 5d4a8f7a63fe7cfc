import type { Operator } from './create-account.js';
import { type DataFolder } from '../data/data-folder.js';

export interface Owner {
  readonly aid: string;
  readonly email: string;
  readonly password: string;
  readonly token: string;
  /** Just made: the log-in is to be shown, this once. */
  readonly fresh: boolean;
}

const file = 'account.json';

/** The account that the first start makes, with its owner. */
export async function ensureOwner(folder: DataFolder, operator: Operator): Promise<Owner> {
  const kept = folder.readJson<Omit<Owner, 'fresh'>>(file);
  if (kept) return { ...kept, fresh: false };
  const made = await make(operator, 'owner@runos.example');
  folder.writeJson(file, made);
  return { ...made, fresh: true };
}

/** A start that was killed between making the user and noting the password leaves an address nobody can use: take another. */
async function make(operator: Operator, email: string, attempt = 1): Promise<Omit<Owner, 'fresh'>> {
  // Only the first start needs it, and loading it takes half a second.
  const { createAccount } = await import('./create-account.js');
  const { aid, password, token } = await createAccount(operator, email, 'demo');
  if (password !== null) return { aid, email, password, token };
  return make(operator, `owner-${attempt}@runos.example`, attempt + 1);
}
