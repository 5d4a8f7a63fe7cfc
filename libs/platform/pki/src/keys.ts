import { createPublicKey, generateKeyPair, type KeyObject, webcrypto } from 'node:crypto';
import { promisify } from 'node:util';

const generate = promisify(generateKeyPair);

/** A fresh pair: the private half as PEM, the public half as it goes into a certificate. */
export interface KeyPair {
  readonly keyPem: string;
  readonly publicKey: KeyObject;
}

/** ECDSA on P-256, PKCS#8: small, fast, and understood by every TLS of the last ten years. */
export async function newEcKey(): Promise<KeyPair> {
  const { privateKey, publicKey } = await generate('ec', { namedCurve: 'P-256' });
  return { keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), publicKey };
}

/** RSA of 2048 bits in PKCS#1, the only form that older node agents accept. Takes tens of milliseconds. */
export async function newRsaKey(): Promise<KeyPair> {
  const { privateKey, publicKey } = await generate('rsa', { modulusLength: 2048 });
  return { keyPem: privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(), publicKey };
}

const leastRsaBits = 2048;
const goodCurves = new Set(['prime256v1', 'secp384r1', 'secp521r1']);

/** Whether a key that somebody else made is worth a certificate. */
export function isStrong(key: KeyObject): boolean {
  const { modulusLength = 0, namedCurve = '' } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa') return modulusLength >= leastRsaBits && modulusLength <= 8192;
  if (key.asymmetricKeyType === 'ec') return goodCurves.has(namedCurve);
  return key.asymmetricKeyType === 'ed25519';
}

export const publicKeyFrom = (spki: ArrayBuffer): KeyObject =>
  createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });

/** An EC P-256 private key in PEM, ready to sign. */
export function signingKey(keyPem: string): Promise<webcrypto.CryptoKey> {
  const der = Buffer.from(keyPem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  return webcrypto.subtle.importKey('pkcs8', der, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
}
