import { createHash, timingSafeEqual } from 'node:crypto';
import { type Random, randomString, systemRandom } from '@runos/kernel';

/** `pat` personal access token, `ses` web session, `reg` registration of an agent, `notify` Notify key. */
export type TokenKind = 'pat' | 'ses' | 'reg' | 'notify';

/** A new token: `value` is shown once and never stored; a row stores `keyId` and `secretHash`. */
export interface MintedToken {
  readonly keyId: string;
  /** SHA-256 of the secret, hexadecimal. */
  readonly secretHash: string;
  readonly value: string;
}

export interface ParsedToken {
  readonly kind: TokenKind;
  readonly keyId: string;
  readonly secret: string;
}

const keyIdAlphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';
const keyIdLength = 12;
const secretBytes = 32;
/** 32 bytes in base64url are 43 characters. */
const shape = /^runos_(pat|ses|reg|notify)_([a-z0-9]{12})\.([A-Za-z0-9_-]{43})$/;

/** The fixed prefix lets secret scanners find leaked tokens. */
export function mintToken(kind: TokenKind, random: Random = systemRandom): MintedToken {
  const keyId = randomString(random, keyIdAlphabet, keyIdLength);
  const secret = Buffer.from(random.bytes(secretBytes)).toString('base64url');
  return { keyId, secretHash: hashOf(secret), value: `runos_${kind}_${keyId}.${secret}` };
}

/** The parts of a token, or undefined for another form. It does not check whether the token exists. */
export function parseToken(text: string): ParsedToken | undefined {
  const [, kind, keyId, secret] = shape.exec(text) ?? [];
  if (kind === undefined || keyId === undefined || secret === undefined) return undefined;
  return { kind: kind as TokenKind, keyId, secret };
}

/** Compared for an unknown key, so that it takes the same time; no secret equals it. */
const noHash = Buffer.alloc(32);

/** Whether the secret has this hash; in constant time. */
export function secretMatches(secret: string, storedHash: string | undefined): boolean {
  const presented = Buffer.from(hashOf(secret), 'hex');
  const stored = Buffer.from(storedHash ?? '', 'hex');
  const comparable = stored.length === presented.length ? stored : noHash;
  return timingSafeEqual(presented, comparable) && comparable === stored;
}

const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');
