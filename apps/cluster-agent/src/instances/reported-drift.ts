/** A drift that the policy only reports. */
export interface ReportedDrift {
  /** The drifted fields; empty if the whole object was deleted. */
  readonly fields: readonly string[];
  /** Hash of the fields, their managers and their values: another one is another drift. */
  readonly driftHash: string;
}
