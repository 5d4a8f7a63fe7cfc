/** An expression in CEL, as in a ValidatingAdmissionPolicy. */
type Cel = string;

/**
 * What the agent may write in a custom resource, whose operator acts with rights of its own. It becomes a part of the
 * agent's admission policy and never travels to agents. Expressions see the variables of that policy. Its `specs` and
 * `annotations` are those of the new object, then of the old one; `spec` is the first of `specs`.
 */
export interface CustomContents {
  readonly kind: string;
  /** Names are unique in the policy. */
  readonly variables?: readonly { readonly name: string; readonly expression: Cel }[];
  /** The list of what in `spec` chooses a class or a volume, as a claim does. None when absent. */
  readonly storages?: Cel;
  /** All must be true. Priorities, tolerations, nodes and affinities need no rule: they hold for every kind. */
  readonly rules: readonly { readonly expression: Cel; readonly message: string }[];
}
