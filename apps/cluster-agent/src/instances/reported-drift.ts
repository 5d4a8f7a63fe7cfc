/** A drift that the policy only reports. */
export interface ReportedDrift {
  /** The drifted fields; empty if the whole object was deleted. */
  readonly fields: readonly string[];
  /** Hash of the fields, their managers and their values: another one is another drift. */
  readonly driftHash: string;
}

/** The drift of one object that the policy only reports. */
export class ReportedDriftState {
  #drift: ReportedDrift | undefined;
  #contentHash: string | undefined;

  /** The drifted fields; empty if the whole object was deleted. */
  get fields(): readonly string[] | undefined {
    return this.#drift?.fields;
  }

  /** Content hash of the live object whose drift was reported, so that it is compared once. */
  get contentHash(): string | undefined {
    return this.#contentHash;
  }

  /** Returns true if it differs from the drift reported before. */
  record(drift: ReportedDrift | undefined, contentHash: string | undefined): boolean {
    const isNew = this.#drift?.driftHash !== drift?.driftHash;
    this.#drift = drift;
    this.#contentHash = contentHash;
    return isNew;
  }

  clear(): void {
    this.#drift = undefined;
    this.#contentHash = undefined;
  }
}
