import 'reflect-metadata';
import { type KeyObject, webcrypto } from 'node:crypto';
import { Pkcs10CertificateRequest, Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import { isStrong, newEcKey, publicKeyFrom, signingKey } from './keys.js';

/** A new key and its certificate signing request. */
export interface SigningRequest {
  /** PKCS#8 PEM; it stays on the machine. */
  readonly keyPem: string;
  readonly csrPem: string;
}

const signing = { name: 'ECDSA', hash: 'SHA-256' };
const maxLength = 16 * 1024;

/** Generates a key and a request that proves its possession. The request has no subject: the issuer sets the names. */
export async function createSigningRequest(): Promise<SigningRequest> {
  const { keyPem, publicKey } = await newEcKey();
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
  const keys = {
    privateKey: await signingKey(keyPem),
    publicKey: await webcrypto.subtle.importKey('spki', spki, algorithm, true, ['verify']),
  };
  const request = await Pkcs10CertificateRequestGenerator.create({ keys, signingAlgorithm: signing }, webcrypto);
  return { keyPem, csrPem: `${request.toString('pem')}\n` };
}

/** The key of a request, or undefined when its signature is not valid or the key is weak. Never throws. */
export async function provenKey(csrPem: string): Promise<KeyObject | undefined> {
  if (csrPem.length > maxLength) return undefined;
  try {
    const request = new Pkcs10CertificateRequest(csrPem);
    const key = publicKeyFrom(request.publicKey.rawData);
    if (!isStrong(key)) return undefined;
    return (await request.verify(webcrypto)) ? key : undefined;
  } catch {
    return undefined; // the text is no signing request
  }
}
