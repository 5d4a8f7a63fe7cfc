import type { KubeObject } from '@runos/kube-objects';
import type { RenderInput } from '../service-type.js';
import { labelsOf, type Owner } from './labels.js';

/** The namespace of an instance; it is applied first, because it contains all other objects. */
export const namespaceOf = (owner: Owner): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: owner.osid, labels: labelsOf(owner) },
});

/** An object in the instance's namespace with the owner labels. */
export const owned = (
  owner: Owner,
  apiVersion: string,
  kind: string,
  name: string,
  content: Readonly<Record<string, unknown>>,
  annotations?: Readonly<Record<string, string>>,
): KubeObject => ({
  apiVersion,
  kind,
  metadata: {
    name,
    namespace: owner.osid,
    labels: labelsOf(owner),
    ...(annotations === undefined ? {} : { annotations }),
  },
  ...content,
});

/** The annotation that starts a rolling restart, in Kubernetes workloads and in CloudNativePG. */
export const restartAnnotation = (restartedAt: string | undefined): Record<string, string> | undefined =>
  restartedAt === undefined ? undefined : { 'kubectl.kubernetes.io/restartedAt': restartedAt };

/** The name of the Secret with the user name and password of an instance. */
export const credentialsSecretName = (osid: string): string => `${osid}-credentials`;

const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');

/** Uses `data`, never `stringData`: the API server moves that to `data`, which would be permanent drift. */
export const credentialsSecret = (
  input: RenderInput,
  texts: Readonly<Record<'username' | 'password', string>> & Readonly<Record<string, string>>,
): KubeObject =>
  owned(input, 'v1', 'Secret', credentialsSecretName(input.osid), {
    type: 'kubernetes.io/basic-auth',
    data: Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, base64(text)])),
  });
