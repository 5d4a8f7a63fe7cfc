import type { AgentCredentials, CredentialStore } from '@runos/agent-session';
import type { KubeClient } from '@runos/kube-client';
import { mapAt, type ObjectRef, textOf } from '@runos/kube-objects';
import { agentManager } from '../bundles/bundle-store.js';

/** The cluster that the certificate was made for. */
const boundTo = 'runos.com/cluster-uid';

/** The agent's key and certificate in a Secret of the cluster they belong to; the key never leaves it. */
export class SecretCredentials implements CredentialStore {
  readonly #ref: ObjectRef;

  constructor(
    private readonly client: KubeClient,
    private readonly clusterUid: string,
    namespace: string,
  ) {
    this.#ref = { apiVersion: 'v1', kind: 'Secret', namespace, name: 'cluster-agent-tls' };
  }

  /** Throws if the Secret came from another cluster, with its etcd or a backup: two must not share one identity. */
  async load(): Promise<AgentCredentials | undefined> {
    const secret = await this.client.find(this.#ref);
    if (secret === undefined) return undefined;
    const bound = secret.metadata.annotations?.[boundTo];
    if (bound !== undefined && bound !== this.clusterUid) {
      throw new Error(
        `Secret ${this.#ref.name} was made for another cluster (${bound}): delete it and register this cluster with a new token`,
      );
    }
    const data = mapAt(secret, 'data');
    const text = (key: string): string => Buffer.from(textOf(data[key]) ?? '', 'base64').toString('utf8');
    const found = { certificate: text('tls.crt'), key: text('tls.key'), ca: text('ca.crt') };
    return found.certificate && found.key && found.ca ? found : undefined;
  }

  async save({ certificate, key, ca }: AgentCredentials): Promise<void> {
    const { apiVersion, kind, namespace, name } = this.#ref;
    const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');
    await this.client.apply(
      {
        apiVersion,
        kind,
        type: 'kubernetes.io/tls',
        metadata: { name, namespace, annotations: { [boundTo]: this.clusterUid } },
        data: { 'tls.crt': base64(certificate), 'tls.key': base64(key), 'ca.crt': base64(ca) },
      },
      { fieldManager: agentManager },
    );
  }
}
