import { type AgentCredentials, certificateFacts, type CredentialStore } from './agent-credentials.js';

export interface EnrolmentOptions {
  readonly store: CredentialStore;
  readonly token: string | undefined;
  /** Registers with the token and answers with what came of it. */
  readonly register: (token: string) => Promise<AgentCredentials>;
  readonly now: () => Date;
}

/** Decides with which credentials to dial: those kept, or new ones for the token when the kept ones are no use. */
export class Enrolment {
  #refusedSerial: string | undefined;
  #tokenRefused = false;
  #unsaved: AgentCredentials | undefined;

  constructor(private readonly options: EnrolmentOptions) {}

  /** The server does not want this certificate any more. */
  certificateRefused(certificate: string): void {
    this.#refusedSerial = certificateFacts(certificate).serial;
  }

  /** The token is used, expired or wrong: presenting it again is noise. */
  tokenRefused(): void {
    this.#tokenRefused = true;
  }

  /** @throws Error when there is nothing to dial with; whatever registering throws otherwise. */
  async credentials(): Promise<AgentCredentials> {
    if (this.#unsaved !== undefined) return this.#save(this.#unsaved);
    const kept = await this.options.store.load();
    const token = this.#tokenRefused ? undefined : this.options.token;
    if (kept !== undefined && (token === undefined || this.#useful(kept))) return kept;
    if (token === undefined) {
      throw new Error('there is no certificate, and no registration token that could still be used: give a new one');
    }
    const issued = await this.options.register(token);
    this.#tokenRefused = true; // single use
    return this.#save(issued);
  }

  /** The token is spent: what it bought is kept in memory until it is safe, and not relied on before. */
  async #save(issued: AgentCredentials): Promise<AgentCredentials> {
    this.#unsaved = issued;
    await this.options.store.save(issued);
    this.#unsaved = undefined;
    return issued;
  }

  #useful({ certificate }: AgentCredentials): boolean {
    try {
      const { serial, notAfter } = certificateFacts(certificate);
      return serial !== this.#refusedSerial && notAfter > this.options.now();
    } catch {
      return false; // what is kept is no certificate
    }
  }
}
