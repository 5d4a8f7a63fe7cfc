import { byKubectl, changingPolicy, enforcePolicy, keepingPolicy } from '@runos/testing-kube';
import type { Instance, PlaneClient } from './plane-client.js';

/** The words by which `withoutDeletion` refuses. */
export const kept = 'kept by an administrator';

/** Admission sets the replicas of the StatefulSet of an instance to 1 until `work` has ended. */
export async function withOneReplica<T>(plane: PlaneClient, { osid }: Instance, work: () => Promise<T>): Promise<T> {
  const patch = '[JSONPatch{op: "replace", path: "/spec/replicas", value: 1}]';
  const policy = changingPolicy(`one-${osid}`, { resource: 'statefulsets', object: osid, patch });
  const remove = await enforcePolicy(byKubectl(plane.kubectl), policy, async () => {
    const scale = ['patch', 'statefulset', osid, '-n', osid, '--type=merge', '-p', '{"spec":{"replicas":2}}'];
    const scaled = await plane.kubectl.run([...scale, '--dry-run=server', '-o', 'jsonpath={.spec.replicas}']);
    return scaled === '1';
  });
  return work().finally(remove);
}

/** Admission refuses the deletion of the StatefulSet of an instance until `work` has ended. */
export async function withoutDeletion<T>(plane: PlaneClient, { osid }: Instance, work: () => Promise<T>): Promise<T> {
  const policy = keepingPolicy(`keep-${osid}`, { resources: ['statefulsets'], namespace: osid, message: kept });
  const remove = await enforcePolicy(byKubectl(plane.kubectl), policy, () =>
    plane.kubectl.run(['delete', 'statefulset', osid, '-n', osid, '--dry-run=server']).then(
      () => false,
      (refused: Error) => refused.message.includes(kept),
    ),
  );
  return work().finally(remove);
}
