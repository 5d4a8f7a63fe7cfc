import { eventually, type Instance, type PlaneClient } from '@runos/tool-e2e';

interface Policy {
  readonly kind: 'MutatingAdmissionPolicy' | 'ValidatingAdmissionPolicy';
  readonly spec: object;
  /** A dry run that shows whether the policy is enforced. */
  isEnforced(): Promise<boolean>;
}

/** Enforces a policy for one instance until `work` has ended. */
async function withPolicy<T>(
  plane: PlaneClient,
  { osid }: Instance,
  policy: Policy,
  work: () => Promise<T>,
): Promise<T> {
  const { kind, spec } = policy;
  const admission = { apiVersion: 'admissionregistration.k8s.io/v1', metadata: { name: `live-${osid}` } };
  const actions = kind === 'ValidatingAdmissionPolicy' ? { validationActions: ['Deny'] } : {};
  const binding = { ...admission, kind: `${kind}Binding`, spec: { policyName: `live-${osid}`, ...actions } };
  await plane.kubectl.apply([{ ...admission, kind, spec }, binding], 'live-state');
  try {
    await eventually(`${kind} to be enforced`, 20_000, policy.isEnforced);
    return await work();
  } finally {
    await plane.kubectl.run(['delete', `${kind},${kind}Binding`, `live-${osid}`, '--ignore-not-found']);
  }
}

const rule = (operations: readonly string[]) => ({
  apiGroups: ['apps'],
  apiVersions: ['v1'],
  operations,
  resources: ['statefulsets'],
});

/** Admission sets the replicas of the StatefulSet to 1. */
export function withOneReplica<T>(plane: PlaneClient, instance: Instance, work: () => Promise<T>): Promise<T> {
  const { osid } = instance;
  const expression = '[JSONPatch{op: "replace", path: "/spec/replicas", value: 1}]';
  const spec = {
    matchConstraints: { resourceRules: [rule(['CREATE', 'UPDATE'])] },
    matchConditions: [{ name: 'one', expression: `object.metadata.name == '${osid}'` }],
    failurePolicy: 'Fail',
    reinvocationPolicy: 'Never',
    mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression } }],
  };
  const isEnforced = async () => {
    const scale = ['patch', 'statefulset', osid, '-n', osid, '--type=merge', '-p', '{"spec":{"replicas":2}}'];
    const answer = await plane.kubectl.run([...scale, '--dry-run=server', '-o', 'jsonpath={.spec.replicas}']);
    return answer === '1';
  };
  return withPolicy(plane, instance, { kind: 'MutatingAdmissionPolicy', spec, isEnforced }, work);
}

/** Admission refuses the deletion of the StatefulSet. */
export function withoutDeletion<T>(plane: PlaneClient, instance: Instance, work: () => Promise<T>): Promise<T> {
  const { osid } = instance;
  const spec = {
    matchConstraints: { resourceRules: [rule(['DELETE'])] },
    validations: [{ expression: `request.namespace != '${osid}'`, message: 'kept by live-state' }],
  };
  const isEnforced = () =>
    plane.kubectl.run(['delete', 'statefulset', osid, '-n', osid, '--dry-run=server']).then(
      () => false,
      (refused: Error) => refused.message.includes('kept by live-state'),
    );
  return withPolicy(plane, instance, { kind: 'ValidatingAdmissionPolicy', spec, isEnforced }, work);
}
