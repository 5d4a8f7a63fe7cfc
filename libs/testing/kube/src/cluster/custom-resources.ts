import type { Stage } from '@runos/catalog-model';
import { kubeRequest, type Target } from './kube-request.js';

/** A custom resource as stages name it: `postgresql.cnpg.io/v1`, `Cluster`. */
export type ResourceRef = Stage['spec']['resourceRef'];

interface ResourceList {
  readonly resources: readonly { readonly kind: string; readonly name: string }[];
}

interface Metadata {
  readonly metadata: { readonly uid: string; readonly deletionTimestamp?: string };
}

/** A CRD has up to a megabyte of schema; its metadata suffices. */
const metadataOnly = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';

/** The uid of the CRD of a resource; undefined unless the API server serves the resource. @throws Error without a response */
export async function servedCrd(target: Target, { apiGroup, kind }: ResourceRef): Promise<string | undefined> {
  const { resources } = (await read<ResourceList>(target, `/apis/${apiGroup}`)) ?? { resources: [] };
  const plural = resources.find((each) => each.kind === kind && !each.name.includes('/'))?.name;
  if (plural === undefined) return undefined;
  const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${plural}.${apiGroup.split('/')[0]}`;
  const { metadata } = (await read<Metadata>(target, path, metadataOnly)) ?? {};
  return metadata?.deletionTimestamp === undefined ? metadata?.uid : undefined;
}

async function read<T>(target: Target, path: string, accept?: string): Promise<T | undefined> {
  const { status, body } = await kubeRequest(target, path, { accept, deadlineMs: 5_000 });
  if (status === 404) return undefined;
  if (status !== 200) throw new Error(`${path} answered ${status}: ${body.slice(0, 200)}`);
  return JSON.parse(body) as T;
}
