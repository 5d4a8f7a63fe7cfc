import type { KubeObject, ObjectRef } from '@runos/kube-objects';
import { waitUntil } from '@runos/testing-process';
import type { Kubectl } from './kubectl.js';

/** An admission policy of a cluster, as an administrator makes it. */
export interface AdmissionPolicy {
  readonly name: string;
  readonly kind: 'MutatingAdmissionPolicy' | 'ValidatingAdmissionPolicy';
  readonly spec: object;
}

/** Writes to a cluster. */
export interface PolicyWriter {
  create(object: KubeObject): Promise<unknown>;
  delete(ref: ObjectRef): Promise<unknown>;
}

const apiVersion = 'admissionregistration.k8s.io/v1';
/** A policy that changes an object on its way in; `patch` is a CEL list of JSONPatch. */
export const changingPolicy = (
  name: string,
  { resource, object, patch }: { readonly resource: string; readonly object: string; readonly patch: string },
): AdmissionPolicy => ({
  name,
  kind: 'MutatingAdmissionPolicy',
  spec: {
    matchConstraints: { resourceRules: [rule(['CREATE', 'UPDATE'], [resource])] },
    matchConditions: [{ name: 'named', expression: `object.metadata.name == '${object}'` }],
    failurePolicy: 'Fail',
    reinvocationPolicy: 'Never',
    mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression: patch } }],
  },
});

/** A policy that refuses deletions in a namespace, with these words. */
export const keepingPolicy = (
  name: string,
  {
    resources,
    namespace,
    message,
  }: { readonly resources: readonly string[]; readonly namespace: string; readonly message: string },
): AdmissionPolicy => ({
  name,
  kind: 'ValidatingAdmissionPolicy',
  spec: {
    matchConstraints: { resourceRules: [rule(['DELETE'], resources)] },
    validations: [{ expression: `request.namespace != '${namespace}'`, message }],
  },
});

/**
 * Creates a policy with its binding, and waits until `isEnforced`. Returns a function that removes both, at once and
 * without waiting for the effect.
 */
export async function enforcePolicy(
  writer: PolicyWriter,
  { name, kind, spec }: AdmissionPolicy,
  isEnforced: () => Promise<boolean>,
): Promise<() => Promise<void>> {
  const actions = kind === 'ValidatingAdmissionPolicy' ? { validationActions: ['Deny'] } : {};
  const metadata = { name };
  const objects: KubeObject[] = [
    { apiVersion, kind, metadata, spec },
    { apiVersion, kind: `${kind}Binding`, metadata, spec: { policyName: name, ...actions } },
  ];
  const remove = async () => {
    for (const object of objects) await writer.delete({ apiVersion, kind: object.kind, name });
  };
  try {
    for (const object of objects) await writer.create(object);
    const because = () => `the policy ${name} is not enforced`;
    await waitUntil(isEnforced, { everyMs: 100, because });
    return remove;
  } catch (thrown) {
    await remove();
    throw thrown;
  }
}

/** Writes as a person with kubectl does. */
export const byKubectl = (kubectl: Kubectl): PolicyWriter => ({
  create: (object) => kubectl.apply([object], 'by-hand'),
  delete: ({ kind, name }) => kubectl.run(['delete', kind, name, '--ignore-not-found']),
});

const rule = (operations: readonly string[], resources: readonly string[]) => ({
  apiGroups: ['*'],
  apiVersions: ['*'],
  operations,
  resources,
});
