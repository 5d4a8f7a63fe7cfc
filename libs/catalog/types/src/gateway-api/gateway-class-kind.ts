import type { CustomKind } from '@runos/kube-kinds';
import { hasStatus, isUnjudged, messageOf, reasonOf, statusConditions } from '../condition-expressions.js';

/** The class of the Gateways of one controller. Its `controllerName` is immutable: a class is never deleted for another. */
export const gatewayClassKind: CustomKind = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'GatewayClass',
  resource: 'gatewayclasses',
  role: 'referenced',
  immutablePolicy: 'refuse',
  holdsData: false,
  exclusive: [{ path: 'spec.parametersRef' }],
  // The API server itself gives a new class the condition with the status Unknown.
  variables: [{ name: 'accepted', expression: statusConditions('Accepted') }],
  health: [
    {
      when: isUnjudged('accepted'),
      state: 'progressing',
      reason: "'NotObserved'",
      message:
        "'No controller has accepted GatewayClass ' + self.metadata.name + ' yet. Check that ' + self.spec.controllerName + ' runs.'",
    },
    {
      when: hasStatus('accepted', 'False'),
      state: 'failed',
      reason: reasonOf('accepted'),
      message: `${messageOf('accepted')} + ' Change the class, or the version of its controller.'`,
    },
    { when: 'true', state: 'ready', reason: "'Accepted'", message: "''" },
  ],
};
