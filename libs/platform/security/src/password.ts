import { type Algorithm, hash, verify } from '@node-rs/argon2';
import { type Random, randomString, systemRandom } from '@runos/kernel';

/** argon2id; the library's type is a const enum, which isolated modules cannot import. */
const argon2id = 2 as Algorithm;

/** OWASP's recommendation for argon2id: 19 MiB, two passes, one lane; about 20 ms of one core. */
const cost = { algorithm: argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Without ambiguous characters. */
const readable = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';

/** The argon2id hash of a password, with its salt and cost in PHC form. */
export const hashPassword = (password: string): Promise<string> => hash(password, cost);

/** Whether the password matches the hash. An unknown user (`undefined`) takes the same time and never matches. */
export async function passwordMatches(password: string, stored: string | undefined): Promise<boolean> {
  const matches = await verify(stored ?? (await unknownUserHash()), password);
  return matches && stored !== undefined;
}

let dummyHash: Promise<string> | undefined;
const unknownUserHash = (): Promise<string> => (dummyHash ??= hashPassword(generatePassword()));

/** 20 characters, 116 bits. */
export const generatePassword = (random: Random = systemRandom): string => randomString(random, readable, 20);
