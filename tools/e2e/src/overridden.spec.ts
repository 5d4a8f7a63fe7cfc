import { beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from './eventually.js';
import { valueAt } from './value-at.js';
import { connectToSharedPlane, type PlaneClient } from './plane-client.js';

describe('an admission policy that changes what is applied', () => {
  let planeClient: PlaneClient;
  beforeAll(async () => {
    planeClient = await connectToSharedPlane();
  });

  it('keeps the job open with field, desired and stored value, until the policy is gone', async () => {
    const instance = await planeClient.create('valkey', { name: 'overridden' });
    const { osid, path } = instance;
    const admission = { apiVersion: 'admissionregistration.k8s.io/v1', metadata: { name: `mutate-${osid}` } };
    const rule = {
      apiGroups: ['apps'],
      apiVersions: ['v1'],
      operations: ['CREATE', 'UPDATE'],
      resources: ['statefulsets'],
    };
    const expression = '[JSONPatch{op: "replace", path: "/spec/replicas", value: 1}]';
    const policy = {
      ...admission,
      kind: 'MutatingAdmissionPolicy',
      spec: {
        matchConstraints: { resourceRules: [rule] },
        matchConditions: [{ name: 'one', expression: `object.metadata.name == '${osid}'` }],
        failurePolicy: 'Fail',
        reinvocationPolicy: 'Never',
        mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression } }],
      },
    };
    const binding = { ...admission, kind: 'MutatingAdmissionPolicyBinding', spec: { policyName: `mutate-${osid}` } };
    await planeClient.kubectl.apply([policy, binding], 'by-hand');
    await eventually('the policy to be enforced', 20_000, async () => {
      const options = ['--type=merge', '--dry-run=server', '-o', 'json', '-p', '{"spec":{"replicas":2}}'];
      const scaled = await planeClient.kubectl.run(['patch', 'statefulset', osid, '-n', osid, ...options]);
      return valueAt(JSON.parse(scaled), 'spec', 'replicas') === 1;
    });
    try {
      const { body } = await planeClient.api.patch(path, { replicas: 3 });
      const message = `The cluster changes spec.replicas of StatefulSet ${osid}: 3 was sent, 1 is stored.`;
      const event = await planeClient.event(instance, ({ type }) => type === 'Overridden');
      expect(event['message']).toContain(message);
      const shown = await planeClient.show(instance);
      expect(shown).toMatchObject({
        status: 'applying',
        reason: 'Overridden',
        message: expect.stringContaining(message),
      });
      expect(shown['conditions']).toContainEqual(
        expect.objectContaining({ type: 'Applied', status: 'False', reason: 'Overridden' }),
      );
      const job = (await planeClient.api.get(`/jobs/${String(body['jobId'])}`)).body;
      expect(job).toMatchObject({ status: 'running', reason: 'Overridden' });
      await planeClient.kubectl.run(['delete', 'mutatingadmissionpolicybinding', `mutate-${osid}`]);
      await planeClient.waitForCompletion(body['jobId'], 120_000);
      const live = await planeClient.kubectl.get('statefulset', osid, osid);
      expect(valueAt(live, 'spec', 'replicas')).toBe(3);
      expect((await planeClient.api.get(`${path}/status`)).body['replicas']).toEqual({ desired: 3, ready: 3 });
    } finally {
      const kinds = 'mutatingadmissionpolicy,mutatingadmissionpolicybinding';
      await planeClient.kubectl.run(['delete', kinds, `mutate-${osid}`, '--ignore-not-found']);
    }
  }, 240_000);
});
