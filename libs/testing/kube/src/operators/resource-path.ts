import type { KubeObject } from '@runos/kube-objects';
import { kubeRequest, type Target } from '../cluster/kube-request.js';

interface ResourceList {
  readonly resources: readonly { readonly kind: string; readonly name: string }[];
}

/**
 * The path of all objects of a custom resource; undefined while the API server does not serve it.
 * @throws Error without a response
 */
export async function resourcePath(
  target: Target,
  { apiVersion, kind }: Pick<KubeObject, 'apiVersion' | 'kind'>,
): Promise<string | undefined> {
  const group = `/apis/${apiVersion}`;
  const { status, body } = await kubeRequest(target, group, { deadlineMs: 5_000 });
  if (status === 404) return undefined;
  if (status !== 200) throw new Error(`${group} answered ${status}: ${body.slice(0, 200)}`);
  const { resources } = JSON.parse(body) as ResourceList;
  const plural = resources.find((each) => each.kind === kind && !each.name.includes('/'))?.name;
  return plural === undefined ? undefined : `${group}/${plural}`;
}

/** The path of the objects of one namespace, from that of all: `/api/v1/pods`. */
export function inNamespace(allPath: string, namespace: string): string {
  const cut = allPath.lastIndexOf('/');
  return `${allPath.slice(0, cut)}/namespaces/${namespace}${allPath.slice(cut)}`;
}
