import { type KubeObject, labelsOf } from '@runos/kube-objects';
import type { RenderInput } from './service-type.js';

type Owner = Pick<RenderInput, 'osid' | 'aid' | 'cid'>;

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
