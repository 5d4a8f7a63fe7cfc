/**
 * A field of a custom resource that its operator reads only when the object is created, so that a later change has no
 * effect. Overrides patch objects that exist.
 */
export interface CreationField {
  readonly apiVersion: string;
  readonly kind: string;
  /** The names of the fields from the root of the object. */
  readonly path: readonly string[];
  /** What the operator makes of it, as the rest of a sentence about the field. */
  readonly reason: string;
}
