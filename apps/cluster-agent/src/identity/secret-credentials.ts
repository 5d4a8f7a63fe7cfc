import type { AgentCredentials, CredentialStore } from '@runos/agent-session';
import type { KubeClient } from '@runos/kube-client';
import { mapAt, textOf } from '@runos/kube-objects';
import type { FencedSecrets } from '../leadership/fenced-secrets.js';

const secretName = 'cluster-agent-tls';

/** Annotation with the cluster that the certificate was issued for. */
const clusterUidAnnotation = 'runos.com/cluster-uid';

/** Stores key and certificate of the agent in a Secret of its cluster. The key never leaves the cluster. */
export class SecretCredentials implements CredentialStore {
  constructor(
    private readonly secrets: FencedSecrets,
    private readonly clusterUid: string,
  ) {}

  /** @throws Error if the Secret was copied from another cluster: two clusters must not share one identity. */
  async load(): Promise<AgentCredentials | undefined> {
    const secret = await this.secrets.find(secretName);
    if (secret === undefined) return undefined;
    const issuedFor = secret.metadata.annotations?.[clusterUidAnnotation];
    if (issuedFor !== undefined && issuedFor !== this.clusterUid) {
      throw new Error(
        `Secret ${secretName} was made for another cluster (${issuedFor}): delete it and register this cluster with a new token`,
      );
    }
    const data = mapAt(secret, 'data');
    const text = (key: string): string => Buffer.from(textOf(data[key]) ?? '', 'base64').toString('utf8');
    const credentials = { certificate: text('tls.crt'), key: text('tls.key'), ca: text('ca.crt') };
    return credentials.certificate && credentials.key && credentials.ca ? credentials : undefined;
  }

  async save({ certificate, key, ca }: AgentCredentials): Promise<void> {
    const { apiVersion, kind, namespace, name } = this.secrets.refOf(secretName);
    const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');
    const secret = {
      apiVersion,
      kind,
      type: 'kubernetes.io/tls',
      metadata: { name, namespace, annotations: { [clusterUidAnnotation]: this.clusterUid } },
      data: { 'tls.crt': base64(certificate), 'tls.key': base64(key), 'ca.crt': base64(ca) },
    };
    await this.secrets.save(secret, { isNew: true });
  }
}

/**
 * The uid of `kube-system` identifies a cluster: it lives as long, and a copy of the Secrets does not take it along.
 * @throws Error when the API server returns none
 */
export async function clusterUid(client: KubeClient, signal: AbortSignal): Promise<string> {
  const namespace = await client.get({ apiVersion: 'v1', kind: 'Namespace', name: 'kube-system' }, { signal });
  const { uid } = namespace.metadata;
  if (!uid) throw new Error('Namespace kube-system has no uid, which identifies this cluster');
  return uid;
}
