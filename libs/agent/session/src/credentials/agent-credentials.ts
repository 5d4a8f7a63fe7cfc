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

/** A certificate is renewed when less than this share of its validity period remains. */
const renewalShare = 1 / 3;

/** Milliseconds until the certificate should be renewed; 0 when it should be renewed now. */
export function msUntilRenewal(certificate: string, now: Date): number {
  const { notBefore, notAfter } = certificateFacts(certificate);
  const validMs = notAfter.getTime() - notBefore.getTime();
  return Math.max(0, notAfter.getTime() - validMs * renewalShare - now.getTime());
}

export interface CredentialProviderOptions {
  readonly store: CredentialStore;
  readonly token: string | undefined;
  /** Registers with the token and returns the issued credentials. */
  readonly register: (token: string) => Promise<AgentCredentials>;
  readonly now: () => Date;
}

/** Provides the credentials for the next dial: the stored ones, or new ones for the token when those are not usable. */
export class CredentialProvider {
  #rejectedSerial: string | undefined;
  #isTokenUsed = false;
  #unsaved: AgentCredentials | undefined;

  constructor(private readonly options: CredentialProviderOptions) {}

  /** The server has rejected this certificate, so a new one must be issued. */
  rejectCertificate(certificate: string): void {
    this.#rejectedSerial = certificateFacts(certificate).serial;
  }

  /** The token is used, expired or wrong, so it is not sent again. */
  rejectToken(): void {
    this.#isTokenUsed = true;
  }

  /** @throws Error when there is neither a certificate nor a usable token; otherwise the errors of the registration. */
  async credentials(): Promise<AgentCredentials> {
    if (this.#unsaved !== undefined) return this.#save(this.#unsaved);
    const stored = await this.options.store.load();
    const token = this.#isTokenUsed ? undefined : this.options.token;
    if (stored !== undefined && (token === undefined || this.#isUsable(stored))) return stored;
    if (token === undefined) {
      throw new Error('no certificate is stored and no usable registration token is given: give a new token');
    }
    const issued = await this.options.register(token);
    this.#isTokenUsed = true; // a token works once
    return this.#save(issued);
  }

  /** The token is used up, so the issued credentials stay in memory until the store has saved them. */
  async #save(issued: AgentCredentials): Promise<AgentCredentials> {
    this.#unsaved = issued;
    await this.options.store.save(issued);
    this.#unsaved = undefined;
    return issued;
  }

  #isUsable({ certificate }: AgentCredentials): boolean {
    try {
      const { serial, notAfter } = certificateFacts(certificate);
      return serial !== this.#rejectedSerial && notAfter > this.options.now();
    } catch {
      return false; // the store contains no certificate
    }
  }
}
