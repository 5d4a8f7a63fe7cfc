import 'reflect-metadata';
import { type KeyObject, webcrypto } from 'node:crypto';
import { Pkcs10CertificateRequest, Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import { isStrong, newEcKey, publicKeyFrom, signingKey } from './keys.js';

/** What an applicant keeps and what it sends. */
export interface SigningRequest {
  /** PKCS#8 PEM; never leaves the machine. */
  readonly keyPem: string;
  readonly csrPem: string;
}

const signing = { name: 'ECDSA', hash: 'SHA-256' };
const maxLength = 16 * 1024;

/** A fresh key and the proof that we have it. It names nobody: whoever signs decides on the names. */
export async function createSigningRequest(): Promise<SigningRequest> {
  const { keyPem, publicKey } = await newEcKey();
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const verifying = { name: 'ECDSA', namedCurve: 'P-256' };
  const keys = {
    privateKey: await signingKey(keyPem),
    publicKey: await webcrypto.subtle.importKey('spki', spki, verifying, true, ['verify']),
  };
  const request = await Pkcs10CertificateRequestGenerator.create({ keys, signingAlgorithm: signing }, webcrypto);
  return { keyPem, csrPem: `${request.toString('pem')}\n` };
}

/** The key a request asks for, if its sender proved to have it and it is strong enough. Never throws. */
export async function provenKey(csrPem: string): Promise<KeyObject | undefined> {
  if (csrPem.length > maxLength) return undefined;
  try {
    const request = new Pkcs10CertificateRequest(csrPem);
    const key = publicKeyFrom(request.publicKey.rawData);
    if (!isStrong(key)) return undefined;
    return (await request.verify(webcrypto)) ? key : undefined;
  } catch {
    return undefined; // whatever was sent, it proves nothing
  }
}
