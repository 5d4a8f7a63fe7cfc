import { X509Certificate } from 'node:crypto';
import { AgentIdentity } from '@runos/agent-protocol';

/** The client certificate of an agent, its key, and the CA that it trusts, as PEM. */
export interface AgentCredentials {
  readonly certificate: string;
  readonly key: string;
  /** Signs the server certificate of the stream port. */
  readonly ca: string;
}

/** Keeps credentials over restarts: files of a machine, or a Secret of a cluster. */
export interface CredentialStore {
  /** The current content, which a user may have replaced; undefined when it is missing or incomplete. */
  load(): Promise<AgentCredentials | undefined>;
  save(credentials: AgentCredentials): Promise<void>;
}

export interface CertificateFacts {
  readonly serial: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Undefined for a certificate without the URI of an agent. */
  readonly identity: AgentIdentity | undefined;
}

/** @throws Error when the text is no certificate */
export function certificateFacts(certificate: string): CertificateFacts {
  const parsed = new X509Certificate(certificate);
  const uris = (parsed.subjectAltName ?? '').split(', ').filter((name) => name.startsWith('URI:'));
  return {
    serial: parsed.serialNumber.toLowerCase(),
    notBefore: new Date(parsed.validFrom),
    notAfter: new Date(parsed.validTo),
    identity: uris.map((uri) => AgentIdentity.parse(uri.slice('URI:'.length))).find((found) => found !== undefined),
  };
}
