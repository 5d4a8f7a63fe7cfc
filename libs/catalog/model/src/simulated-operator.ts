import type { KubeObject } from '@runos/kube-objects';

/**
 * A test sets it on a pod or on an operator's object; its value names the fault: `image-pull`, `crash-loop` or
 * `never-ready` (or `true`). Without it, faults derive from the image and the requests of the object.
 */
export const failAnnotation = 'runos.dev/fail';

/** What an operator sees when it reconciles one object. */
export interface OperatorView {
  readonly object: KubeObject;
  /** The pods and claims that the object controls. */
  readonly pods: readonly KubeObject[];
  readonly claims: readonly KubeObject[];
  /** RFC 3339, for conditions. */
  readonly now: string;
}

/** What an operator does in one reconcile, in this order. An absent part changes nothing. */
export interface OperatorStep {
  /** Fields of the status subresource. */
  readonly status?: Readonly<Record<string, unknown>>;
  /** Merge patches (RFC 7386). */
  readonly patch?: readonly { readonly object: KubeObject; readonly by: object }[];
  readonly create?: readonly KubeObject[];
  readonly remove?: readonly KubeObject[];
}

/**
 * An operator that simulated nodes play, because no container runs there. Pods and claims are real objects: the scheduler
 * places them, kwok runs the pods, and Kubernetes deletes both with their owner.
 */
export interface SimulatedOperator {
  readonly apiVersion: string;
  readonly kind: string;
  /** The field manager of its writes. */
  readonly fieldManager: string;
  /** The label of its pods and claims; absent for an operator that makes none. */
  readonly label?: string;
  /** Called again after each change of the object, of its pods and of its claims. */
  readonly reconcile: (view: OperatorView) => OperatorStep;
}
