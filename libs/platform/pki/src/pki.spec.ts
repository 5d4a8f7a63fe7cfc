import { execFileSync } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type AuthorityPair, createAuthority, issueLeaf } from './certificate-authority.js';
import { newEcKey, newRsaKey } from './keys.js';
import { createSigningRequest, provenKey } from './signing-request.js';

const year = { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 365 * 86_400_000) };
const folder = mkdtempSync(join(tmpdir(), 'runos-pki-'));
afterAll(() => rmSync(folder, { recursive: true }));

let ca: AuthorityPair;
beforeAll(async () => {
  ca = await createAuthority('Test CA', year);
});

const openssl = (...args: string[]): string =>
  execFileSync('openssl', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

describe('a leaf', () => {
  it('is verified by OpenSSL, for its usage and names only', async () => {
    const { publicKey } = await newEcKey();
    const names = { dnsNames: ['agents.example.org'], ipAddresses: ['127.0.0.1', '::1'] };
    const leaf = await issueLeaf(ca, { ...year, ...names, publicKey, commonName: 'agents', usage: 'server' });
    writeFileSync(join(folder, 'ca.pem'), ca.certificatePem);
    writeFileSync(join(folder, 'leaf.pem'), leaf);
    const verify = (...more: string[]) => openssl('verify', '-x509_strict', '-CAfile', 'ca.pem', ...more, 'leaf.pem');
    expect(verify('-purpose', 'sslserver', '-verify_hostname', 'agents.example.org')).toContain('OK');
    expect(verify('-verify_ip', '127.0.0.1')).toContain('OK');
    expect(verify('-verify_ip', '::1')).toContain('OK');
    expect(() => verify('-purpose', 'sslclient')).toThrow();
    expect(() => verify('-verify_hostname', 'example.org')).toThrow();
  });

  it('contains the URI of an agent and a serial of fixed length', async () => {
    const { publicKey } = await newRsaKey();
    const leaf = await issueLeaf(ca, {
      ...year,
      publicKey,
      commonName: 'node:n0de1',
      usage: 'client',
      uris: ['runos://a/b'],
    });
    const read = new X509Certificate(leaf);
    expect(read.subjectAltName).toBe('URI:runos://a/b');
    expect(read.subject).toBe('CN=node:n0de1');
    expect(read.serialNumber).toMatch(/^[4-7][0-9A-F]{31}$/);
    expect(read.verify(new X509Certificate(ca.certificatePem).publicKey)).toBe(true);
    expect(leaf).toBe(read.toString());
  });

  it('cannot sign further certificates', async () => {
    const { publicKey } = await newEcKey();
    const leaf = await issueLeaf(ca, { ...year, publicKey, commonName: 'x', usage: 'client' });
    expect(new X509Certificate(leaf).ca).toBe(false);
    expect(new X509Certificate(ca.certificatePem).ca).toBe(true);
  });
});

describe('generated RSA keys', () => {
  it('are PKCS#1, which older agents require', async () => {
    const { keyPem } = await newRsaKey();
    expect(keyPem).toMatch(/^-----BEGIN RSA PRIVATE KEY-----\n/);
    expect(createPrivateKey(keyPem).asymmetricKeyDetails?.modulusLength).toBe(2048);
  });
});

describe('a signing request', () => {
  it('proves the possession of its key', async () => {
    const { keyPem, csrPem } = await createSigningRequest();
    const proven = await provenKey(csrPem);
    if (proven === undefined) throw new Error('the request is not valid');
    const leaf = await issueLeaf(ca, { ...year, publicKey: proven, commonName: 'x', usage: 'client' });
    expect(new X509Certificate(leaf).checkPrivateKey(createPrivateKey(keyPem))).toBe(true);
  });

  it.each([
    ['RSA', ['-newkey', 'rsa:2048']],
    ['EC', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384']],
    ['Ed25519', ['-newkey', 'ed25519']],
  ])('of OpenSSL is accepted: %s', async (_, how) => {
    openssl('req', '-new', '-nodes', '-keyout', 'key.pem', '-out', 'csr.pem', '-subj', '/CN=ignored', ...how);
    expect(await provenKey(openssl('req', '-in', 'csr.pem'))).toBeDefined();
  });

  it('with a weak key, a foreign signature or invalid text is rejected', async () => {
    openssl(
      'req',
      '-new',
      '-nodes',
      '-newkey',
      'rsa:1024',
      '-keyout',
      'key.pem',
      '-out',
      'csr.pem',
      '-subj',
      '/CN=weak',
    );
    expect(await provenKey(openssl('req', '-in', 'csr.pem'))).toBeUndefined();
    const { csrPem } = await createSigningRequest();
    const der = Buffer.from(csrPem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'der' });
    const at = der.indexOf(other.subarray(0, 26));
    other.copy(der, at);
    const forged = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----`;
    expect(at).toBeGreaterThan(0);
    expect(await provenKey(forged)).toBeUndefined();
    for (const text of ['', 'nonsense', ca.certificatePem, 'x'.repeat(100_000)]) {
      expect(await provenKey(text)).toBeUndefined();
    }
  });
});
