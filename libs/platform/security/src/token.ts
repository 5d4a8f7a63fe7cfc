import { createHash, timingSafeEqual } from 'node:crypto';
import { type Random, randomString, systemRandom } from '@runos/kernel';

/** `pat` personal access token, `ses` web session, `reg` registration of an agent, `notify` Notify key. */
export type TokenKind = 'pat' | 'ses' | 'reg' | 'notify';

/** A new token: `value` is shown once and never stored; `keyId` and `secretHash` are what a row keeps. */
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

/** The prefix is fixed, so that scanners for leaked secrets find it. */
export function mintToken(kind: TokenKind, random: Random = systemRandom): MintedToken {
  const keyId = randomString(random, keyIdAlphabet, keyIdLength);
  const secret = Buffer.from(random.bytes(secretBytes)).toString('base64url');
  return { keyId, secretHash: hashOf(secret), value: `runos_${kind}_${keyId}.${secret}` };
}

/** The parts of a token, or undefined for anything else. It says nothing about whether the token is known. */
export function parseToken(text: string): ParsedToken | undefined {
  const parts = shape.exec(text);
  return parts === null ? undefined : { kind: parts[1] as TokenKind, keyId: parts[2], secret: parts[3] };
}

/** An unknown key takes the same time: `undefined` is compared too, with nothing it could equal. */
const nobody = Buffer.alloc(32);

/** Whether the secret is the one whose hash was stored; in constant time. */
export function secretMatches(secret: string, storedHash: string | undefined): boolean {
  const given = Buffer.from(hashOf(secret), 'hex');
  const stored = Buffer.from(storedHash ?? '', 'hex');
  const comparable = stored.length === given.length ? stored : nobody;
  return timingSafeEqual(given, comparable) && comparable === stored;
}

const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');
