import 'reflect-metadata';
import { type KeyObject, webcrypto, X509Certificate as NodeCertificate } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type JsonGeneralName,
  KeyUsageFlags,
  KeyUsagesExtension,
  PublicKey,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { type Random, systemRandom } from '@runos/kernel';
import { newEcKey, signingKey } from './keys.js';

/** Certificate and key of a CA, both PEM. */
export interface AuthorityPair {
  readonly certificatePem: string;
  readonly keyPem: string;
}

export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** The subject, key and usage of a leaf certificate. */
export interface LeafRequest extends Validity {
  readonly publicKey: KeyObject;
  readonly commonName: string;
  /** To Kubernetes, the group of a client. */
  readonly organization?: string;
  readonly usage: 'client' | 'server';
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
  readonly uris?: readonly string[];
}

const signing = { name: 'ECDSA', hash: 'SHA-256' };
const crypto = webcrypto;

/** 16 bytes, positive and without a leading zero byte, so that every tool prints the same text. */
function serialNumber(random: Random): string {
  const bytes = Buffer.from(random.bytes(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

/** The text that OpenSSL prints, with the final line break: agents pin its hash, so it must be stable. */
const canonicalPem = (certificate: X509Certificate): string =>
  new NodeCertificate(Buffer.from(certificate.rawData)).toString();

/** Creates a CA whose path length allows leaf certificates only. */
export async function createAuthority(
  commonName: string,
  validity: Validity,
  random: Random = systemRandom,
): Promise<AuthorityPair> {
  const { keyPem, publicKey } = await newEcKey();
  const spki = new PublicKey(publicKey.export({ type: 'spki', format: 'der' }));
  const certificate = await X509CertificateGenerator.create(
    {
      serialNumber: serialNumber(random),
      subject: [{ CN: [commonName] }],
      issuer: [{ CN: [commonName] }],
      ...validity,
      publicKey: spki,
      signingKey: await signingKey(keyPem),
      signingAlgorithm: signing,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        await SubjectKeyIdentifierExtension.create(spki, false, crypto),
      ],
    },
    crypto,
  );
  return { certificatePem: canonicalPem(certificate), keyPem };
}

/** Issues a leaf certificate as PEM. It contains exactly the given names. */
export async function issueLeaf(
  authority: AuthorityPair,
  leaf: LeafRequest,
  random: Random = systemRandom,
): Promise<string> {
  const issuer = new X509Certificate(authority.certificatePem);
  const spki = new PublicKey(leaf.publicKey.export({ type: 'spki', format: 'der' }));
  const usage = leaf.usage === 'client' ? ExtendedKeyUsage.clientAuth : ExtendedKeyUsage.serverAuth;
  const certificate = await X509CertificateGenerator.create(
    {
      serialNumber: serialNumber(random),
      subject: [...(leaf.organization ? [{ O: [leaf.organization] }] : []), { CN: [leaf.commonName] }],
      issuer: issuer.subjectName,
      notBefore: leaf.notBefore,
      notAfter: leaf.notAfter,
      publicKey: spki,
      signingKey: await signingKey(authority.keyPem),
      signingAlgorithm: signing,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment, true),
        new ExtendedKeyUsageExtension([usage]),
        new SubjectAlternativeNameExtension(namesOf(leaf)),
        await SubjectKeyIdentifierExtension.create(spki, false, crypto),
        await AuthorityKeyIdentifierExtension.create(issuer, false, crypto),
      ],
    },
    crypto,
  );
  return canonicalPem(certificate);
}

const namesOf = ({ dnsNames = [], ipAddresses = [], uris = [] }: LeafRequest): JsonGeneralName[] => [
  ...dnsNames.map((value) => ({ type: 'dns' as const, value })),
  ...ipAddresses.map((value) => ({ type: 'ip' as const, value })),
  ...uris.map((value) => ({ type: 'url' as const, value })),
];
