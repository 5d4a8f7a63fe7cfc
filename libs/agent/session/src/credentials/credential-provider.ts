import { type AgentCredentials, certificateFacts, type CredentialStore } from './agent-credentials.js';

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
  #tokenUsed = false;
  #unsaved: AgentCredentials | undefined;

  constructor(private readonly options: CredentialProviderOptions) {}

  /** The server has rejected this certificate, so a new one must be issued. */
  rejectCertificate(certificate: string): void {
    this.#rejectedSerial = certificateFacts(certificate).serial;
  }

  /** The token is used, expired or wrong, so it is not sent again. */
  rejectToken(): void {
    this.#tokenUsed = true;
  }

  /** @throws Error when there is neither a certificate nor a usable token; otherwise the errors of the registration. */
  async credentials(): Promise<AgentCredentials> {
    if (this.#unsaved !== undefined) return this.#save(this.#unsaved);
    const stored = await this.options.store.load();
    const token = this.#tokenUsed ? undefined : this.options.token;
    if (stored !== undefined && (token === undefined || this.#isUsable(stored))) return stored;
    if (token === undefined) {
      throw new Error('no certificate is stored and no usable registration token is given: give a new token');
    }
    const issued = await this.options.register(token);
    this.#tokenUsed = true; // a token works once
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
