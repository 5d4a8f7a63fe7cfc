import { exponentialBackoff } from '@runos/engine';
import type { Clock } from '@runos/kernel';
import { type ForbiddenRequest, KubeError } from '@runos/kube-client';
import { kindKey, secretKind } from '@runos/kube-kinds';
import type { ObjectRef } from '@runos/kube-objects';
import type { Logger } from '@runos/observability';
import type { ApplyOutcome, ObjectApplier } from '../apply/object-applier.js';
import { planNamespaceOf } from '../bundles/plan-namespace.js';
import { secretBinding } from './secret-binding.js';

export interface SecretAccessOptions {
  readonly applier: ObjectApplier;
  /** Namespace of the agent, whose Secrets it may always read. */
  readonly namespace: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A RoleBinding that the agent has applied. */
interface Binding {
  /** Of the namespace: one that was created again has no RoleBinding. */
  readonly uid: string | undefined;
  /** Milliseconds of the monotonic clock. */
  readonly at: number;
}

/**
 * Each API server learns of a RoleBinding by a watch, usually within 20 ms. Together the delays last about 5 s, because an
 * admission policy of new manifests takes effect after a second.
 */
const delayMs = exponentialBackoff({ firstMs: 40, maxMs: 1_000 });
const maxAttempts = 12;
/** A RoleBinding that was applied within this time exists still. */
const recentMs = 1_000;

/** The refusal of RBAC, not that of an admission policy, a quota or a terminating namespace. */
const lacksRight = ({ message }: KubeError): boolean =>
  message.includes(' cannot ') && message.includes(' resource "secrets" ');

export const isSecret = (ref: Pick<ObjectRef, 'apiVersion' | 'kind'>): boolean => kindKey(ref) === kindKey(secretKind);

/** Obtains the agent's rights on Secrets, namespace by namespace. It has none in any other namespace. */
export class SecretAccess {
  readonly #bindings = new Map<string, Binding>();
  readonly #binding = new Map<string, Promise<ApplyOutcome>>();

  constructor(private readonly options: SecretAccessOptions) {}

  /**
   * Binds the role in the namespace of an instance before its first Secret is written. A refusal is no error: under the
   * ClusterRole of an earlier version the rights exist already.
   */
  async grant(osid: string, namespaceUid: string | undefined): Promise<void> {
    const known = this.#bindings.get(osid);
    if (known !== undefined && known.uid === namespaceUid) return;
    await this.#bind(osid, namespaceUid);
  }

  /** A namespace without a right on its Secrets: binds the role there and waits until that is effective. */
  async recover({ target, refusal, attempts, signal }: ForbiddenRequest): Promise<KubeError | undefined> {
    const { namespace } = target;
    if (!isSecret(target) || namespace === undefined || this.#hasOwnRole(namespace)) return refusal;
    if (!lacksRight(refusal)) return refusal;
    if (attempts > maxAttempts) {
      this.options.logger.warn({ err: refusal, namespace }, 'no right on the Secrets of an instance');
      return refusal;
    }
    const known = this.#bindings.get(namespace);
    if (known === undefined || this.#now() - known.at > recentMs) {
      const { kind } = await this.#bind(namespace, known?.uid);
      if (kind === 'namespaceMissing') return missing(namespace);
    }
    await this.options.clock.sleep(delayMs(attempts), signal);
    return signal?.aborted ? refusal : undefined;
  }

  /** The manifests give the rights there. */
  #hasOwnRole(namespace: string): boolean {
    return [this.options.namespace, planNamespaceOf(this.options.namespace)].includes(namespace);
  }

  /** The instance was removed. */
  forget(osid: string): void {
    this.#bindings.delete(osid);
  }

  #bind(osid: string, uid: string | undefined): Promise<ApplyOutcome> {
    const running = this.#binding.get(osid);
    if (running !== undefined) return running;
    const binding = this.#apply(osid, uid).finally(() => this.#binding.delete(osid));
    this.#binding.set(osid, binding);
    return binding;
  }

  async #apply(osid: string, uid: string | undefined): Promise<ApplyOutcome> {
    const { applier, namespace, logger } = this.options;
    const binding = secretBinding(namespace, osid);
    const created = await applier.applyObject(binding, { first: true });
    // The takeover of a changed one begins with its ownership, which the policy refuses while a foreign subject is in it.
    const outcome = created.kind === 'refused' ? await applier.applyObject(binding) : created;
    if (outcome.kind === 'applied') this.#bindings.set(osid, { uid, at: this.#now() });
    else this.#bindings.delete(osid);
    if (outcome.kind === 'refused') {
      logger.debug({ osid, reason: outcome.problem.message }, 'the role for Secrets cannot be bound');
    }
    return outcome;
  }

  #now(): number {
    return this.options.clock.monotonicMs();
  }
}

/** Without a namespace there is no RoleBinding, so RBAC forbids what would not be found. */
const missing = (namespace: string): KubeError =>
  new KubeError(`namespaces "${namespace}" not found`, { status: 404, reason: 'NotFound' });
