import { describe, expect, it } from '@jest/globals';
import { KubeError } from '@runos/kube-client';
import { missingRightOf } from './missing-rights.js';

const claims = { apiVersion: 'v1', kind: 'PersistentVolumeClaim' };
const sets = { apiVersion: 'apps/v1', kind: 'StatefulSet', namespace: 'valkey-abcde', name: 'valkey-abcde' };
const refusal = (message: string) => new KubeError(message, { status: 403, reason: 'Forbidden' });
const account = 'User "system:serviceaccount:runos:cluster-agent"';

describe('the missing right that a refusal names', () => {
  it('has verb, kind, and the words of the API server', () => {
    const words = `persistentvolumeclaims is forbidden: ${account} cannot list resource "persistentvolumeclaims" in API group "" at the cluster scope`;
    expect(missingRightOf(claims, refusal(words))).toEqual({
      ...claims,
      verb: 'list',
      resource: 'persistentvolumeclaims',
      message: `The cluster agent may not list PersistentVolumeClaim: ${words}. Apply the manifests of this agent's version again.`,
    });
  });

  it('may be missing in one namespace, or on a subresource', () => {
    const inNamespace = `statefulsets.apps "a" is forbidden: ${account} cannot patch resource "statefulsets/scale" in API group "apps" in the namespace "valkey-abcde"`;
    expect(missingRightOf(sets, refusal(inNamespace))).toMatchObject({
      verb: 'patch',
      resource: 'statefulsets/scale',
      namespace: 'valkey-abcde',
    });
  });

  it.each([
    ['an admission policy', `statefulsets "a" is forbidden: ValidatingAdmissionPolicy 'x' denied request: no`],
    ['a quota', 'pods "a" is forbidden: exceeded quota: q'],
    ['a terminating namespace', 'configmaps "a" is forbidden: because it is being terminated'],
    [
      'an optional resource',
      `rolebindings is forbidden: ${account} cannot create resource "rolebindings" in API group "x"`,
    ],
  ])('is none if the reason is %s', (_, words) => {
    expect(missingRightOf(sets, refusal(words))).toBeUndefined();
  });
});
