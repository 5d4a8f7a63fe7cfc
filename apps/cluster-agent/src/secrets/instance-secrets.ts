import type { KubeClient } from '@runos/kube-client';
import { withoutTrace } from '@runos/observability';
import type { KindInformers } from '../informers/kind-informers.js';
import type { Instance } from '../instances/instance.js';
import { isSecret, SecretAccess, type SecretAccessOptions } from './secret-access.js';

/** Opens the Secrets of each instance to the agent: the right on them, then the watch. */
export class InstanceSecrets {
  readonly #access: SecretAccess;

  constructor(
    options: SecretAccessOptions & { readonly client: KubeClient },
    private readonly informers: KindInformers,
  ) {
    this.#access = new SecretAccess(options);
    options.client.handleForbidden((request) => this.#access.recover(request));
  }

  /** After a restart. Without an applied Secret there is nothing to watch yet, and perhaps no namespace. */
  resume({ osid, objects }: Instance): void {
    const hasSecrets = [...objects.values()].some(({ ref, applied }) => applied !== undefined && isSecret(ref));
    if (hasSecrets) this.informers.startSecrets(osid);
  }

  /** Called before a Secret is read or written; the namespace exists. */
  async open(instance: Instance): Promise<void> {
    const { osid, namespaceKey, objects } = instance;
    await this.#access.grant(osid, objects.get(namespaceKey)?.applied?.uid);
    if (!instance.record.removing) withoutTrace(() => this.informers.startSecrets(osid));
  }

  /** A removal deletes each Secret, then the namespace with the RoleBinding. */
  close({ osid }: Instance): void {
    this.informers.stopSecrets(osid);
    this.#access.forget(osid);
  }
}
