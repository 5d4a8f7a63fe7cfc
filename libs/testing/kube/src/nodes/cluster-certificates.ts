import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@runos/kernel';
import { type AuthorityPair, createAuthority, issueLeaf, type LeafRequest, newEcKey, type Validity } from '@runos/pki';
import { writeFileAtomic } from '@runos/testing-process';

/** The files of a certificate and its key, PEM. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** A cluster for development outlives no decade; the certificates that it issues are renewed at each start. */
function validity(years: number): Validity {
  const notBefore = systemClock.now();
  notBefore.setMinutes(notBefore.getMinutes() - 1);
  const notAfter = systemClock.now();
  notAfter.setFullYear(notAfter.getFullYear() + years);
  return { notBefore, notAfter };
}

/** The certificate authority of one cluster of real nodes, kept in its data. */
export class ClusterCertificates {
  private constructor(
    private readonly folder: string,
    private readonly authority: AuthorityPair,
  ) {}

  /** Reads the authority of the folder, or creates one that is valid for ten years. */
  static async open(folder: string): Promise<ClusterCertificates> {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const file = join(folder, 'authority.json');
    if (!existsSync(file)) writeFileAtomic(file, JSON.stringify(await createAuthority('runos-cluster', validity(10))));
    const authority = JSON.parse(readFileSync(file, 'utf8')) as AuthorityPair;
    writeFileAtomic(join(folder, 'ca.crt'), authority.certificatePem);
    return new ClusterCertificates(folder, authority);
  }

  /** The path of the authority's certificate, PEM. */
  get caFile(): string {
    return join(this.folder, 'ca.crt');
  }

  /** Issues a certificate for a year; a file of an earlier start is replaced. */
  async issue(
    name: string,
    leaf: Pick<LeafRequest, 'commonName' | 'organization' | 'usage' | 'ipAddresses' | 'dnsNames'>,
  ) {
    const { keyPem, publicKey } = await newEcKey();
    const files: CertificateFiles = {
      certificate: join(this.folder, `${name}.crt`),
      key: join(this.folder, `${name}.key`),
    };
    writeFileAtomic(files.key, keyPem);
    writeFileAtomic(
      files.certificate,
      await issueLeaf(this.authority, { dnsNames: [name], ...leaf, ...validity(1), publicKey }),
    );
    return files;
  }

  /** Writes a kubeconfig whose user is authenticated by a certificate, and returns its path. */
  async kubeconfig(
    name: string,
    server: string,
    user: Pick<LeafRequest, 'commonName' | 'organization'>,
  ): Promise<string> {
    const files = await this.issue(name, { ...user, usage: 'client' });
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'runos', cluster: { server, 'certificate-authority': this.caFile } }],
      users: [{ name, user: { 'client-certificate': files.certificate, 'client-key': files.key } }],
      contexts: [{ name, context: { cluster: 'runos', user: name } }],
      'current-context': name,
    };
    const path = join(this.folder, `${name}.kubeconfig`);
    writeFileAtomic(path, JSON.stringify(config, null, 2));
    return path;
  }
}
