import { createPublicKey, generateKeyPair, type KeyObject, webcrypto } from 'node:crypto';
import { promisify } from 'node:util';

const generate = promisify(generateKeyPair);

/** A new key pair. */
export interface KeyPair {
  readonly keyPem: string;
  readonly publicKey: KeyObject;
}

/** ECDSA on P-256, PKCS#8: small, fast, and supported by every TLS library of the last ten years. */
export async function newEcKey(): Promise<KeyPair> {
  const { privateKey, publicKey } = await generate('ec', { namedCurve: 'P-256' });
  return { keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), publicKey };
}

/** RSA of 2048 bits in PKCS#1, the only form that older node agents accept. Takes tens of milliseconds. */
export async function newRsaKey(): Promise<KeyPair> {
  const { privateKey, publicKey } = await generate('rsa', { modulusLength: 2048 });
  return { keyPem: privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(), publicKey };
}

const minRsaBits = 2048;
const maxRsaBits = 8192;
const acceptedCurves = new Set(['prime256v1', 'secp384r1', 'secp521r1']);

/** Whether a certificate may be issued for this key. */
export function isStrong(key: KeyObject): boolean {
  const { modulusLength = 0, namedCurve = '' } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa') return modulusLength >= minRsaBits && modulusLength <= maxRsaBits;
  if (key.asymmetricKeyType === 'ec') return acceptedCurves.has(namedCurve);
  return key.asymmetricKeyType === 'ed25519';
}

/** A public key from its DER form (SubjectPublicKeyInfo). */
export const publicKeyFrom = (spki: ArrayBuffer): KeyObject =>
  createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });

/** Imports an EC P-256 private key from PEM for signing. */
export function signingKey(keyPem: string): Promise<webcrypto.CryptoKey> {
  const der = Buffer.from(keyPem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  return webcrypto.subtle.importKey('pkcs8', der, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
}
