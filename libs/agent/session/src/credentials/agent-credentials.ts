import { X509Certificate } from 'node:crypto';
import { AgentIdentity } from '@runos/agent-protocol';

/** What an agent proves itself with, and whom it believes: three PEM texts. */
export interface AgentCredentials {
  readonly certificate: string;
  readonly key: string;
  /** Signs the server's certificate of the stream port. */
  readonly ca: string;
}

/** Where credentials survive a restart: files of a machine, a Secret of a cluster. */
export interface CredentialStore {
  /** What is kept now, also when somebody else put it there; undefined when there is nothing (complete). */
  load(): Promise<AgentCredentials | undefined>;
  save(credentials: AgentCredentials): Promise<void>;
}

export interface CertificateFacts {
  readonly serial: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Undefined for a certificate that names no agent. */
  readonly identity: AgentIdentity | undefined;
}

/** What a certificate says about itself. Throws on what is no certificate. */
export function certificateFacts(certificate: string): CertificateFacts {
  const read = new X509Certificate(certificate);
  const names = (read.subjectAltName ?? '').split(', ').filter((name) => name.startsWith('URI:'));
  return {
    serial: read.serialNumber.toLowerCase(),
    notBefore: new Date(read.validFrom),
    notAfter: new Date(read.validTo),
    identity: names.map((name) => AgentIdentity.parse(name.slice('URI:'.length))).find((found) => found !== undefined),
  };
}
