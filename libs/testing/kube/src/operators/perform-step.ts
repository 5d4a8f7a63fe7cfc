import type { OperatorStep, SimulatedOperator } from '@runos/catalog-model';
import type { KubeObject } from '@runos/kube-objects';
import { type Call, kubeRequest, type Target } from '../cluster/kube-request.js';

/** What a step writes to. */
export interface StepTarget {
  readonly target: Target;
  readonly operator: SimulatedOperator;
  readonly object: KubeObject;
  /** The path of an object. */
  readonly pathOf: (object: KubeObject) => string;
}

const mergePatch = 'application/merge-patch+json';
const gone = 404;
/** The object exists, or a deletion names an earlier one. The watch delivers what is there. */
const conflict = 409;

/** Performs the parts of a step in their order. @throws Error with the words of the API server */
export async function performStep(at: StepTarget, step: OperatorStep): Promise<void> {
  const { status, patch = [], create = [], remove = [] } = step;
  if (status !== undefined && differs(at.object['status'], status)) {
    await write(at, `${at.pathOf(at.object)}/status`, { method: 'PATCH', body: { status } });
  }
  for (const { object, by } of patch) await write(at, at.pathOf(object), { method: 'PATCH', body: by });
  for (const object of create) {
    const path = at.pathOf(object);
    await write(at, path.slice(0, path.lastIndexOf('/')), { method: 'POST', body: ownedBy(at.object, object) });
  }
  for (const object of remove) {
    const { uid } = object.metadata;
    await write(at, at.pathOf(object), { method: 'DELETE', body: { preconditions: { uid } } });
  }
}

async function write(
  { target, operator: { fieldManager } }: StepTarget,
  path: string,
  { method, body }: { readonly method: NonNullable<Call['method']>; readonly body: object },
): Promise<void> {
  const contentType = method === 'PATCH' ? mergePatch : undefined;
  const call = { method, contentType, body: JSON.stringify(body) };
  const query = method === 'DELETE' ? '' : `?fieldManager=${fieldManager}`;
  const reply = await kubeRequest(target, `${path}${query}`, call);
  const isEnding = reply.body.includes('"reason":"NamespaceTerminating"');
  if (reply.status < 300 || reply.status === gone || reply.status === conflict || isEnding) return;
  throw new Error(`${method} ${path} was refused (${reply.status}): ${reply.body.slice(0, 500)}`);
}

/** Whether a merge patch would change something. Null and an absent field are the same. */
function differs(current: unknown, patch: Readonly<Record<string, unknown>>): boolean {
  const now = (current ?? {}) as Readonly<Record<string, unknown>>;
  return Object.entries(patch).some(([key, value]) => JSON.stringify(now[key] ?? null) !== JSON.stringify(value));
}

/** Kubernetes deletes it with its owner. */
function ownedBy({ apiVersion, kind, metadata: { name, uid } }: KubeObject, object: KubeObject): KubeObject {
  const owner = { apiVersion, kind, name, uid: uid ?? '', controller: true, blockOwnerDeletion: true };
  return { ...object, metadata: { ...object.metadata, ownerReferences: [owner] } };
}
