import type { CustomKind } from '@runos/kube-kinds';
import { hasStatus, isUnjudged, messageOf, reasonOf, statusConditions } from '../condition-expressions.js';

/** A condition `c` of a listener that does not serve. */
const isProblem =
  "(c.type == 'Conflicted' && c.status == 'True' || c.type in ['Accepted', 'Programmed', 'ResolvedRefs'] && c.status == 'False')";

/** What decides who may use the Gateway, and with which certificates it answers. */
const exclusive = [
  'spec.addresses',
  'spec.backendTLS',
  'spec.infrastructure',
  'spec.listeners[]',
  'spec.listeners[].allowedRoutes',
  'spec.listeners[].hostname',
  'spec.listeners[].tls',
].map((path) => ({ path }));

/** The entry of HTTP traffic: health from what its controller accepted and programmed, and from its listeners. */
export const gatewayKind: CustomKind = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  resource: 'gateways',
  role: 'workload',
  immutablePolicy: 'refuse',
  holdsData: false,
  exclusive,
  // The API server itself gives a new Gateway both conditions with the status Unknown.
  variables: [
    { name: 'accepted', expression: statusConditions('Accepted') },
    { name: 'programmed', expression: statusConditions('Programmed') },
    {
      name: 'broken',
      expression: `self.?status.?listeners.orValue([]).filter(l, l.conditions.exists(c, ${isProblem}))`,
    },
  ],
  health: [
    {
      when: isUnjudged('accepted'),
      state: 'progressing',
      reason: "'NotObserved'",
      message:
        "'No controller has accepted Gateway ' + self.metadata.name + ' yet. Check that GatewayClass ' + self.spec.gatewayClassName + ' exists, and that its controller runs.'",
    },
    {
      when: hasStatus('accepted', 'False'),
      state: 'failed',
      reason: reasonOf('accepted'),
      message: `${messageOf('accepted')} + ' Change the Gateway, or its class.'`,
    },
    {
      when: isUnjudged('programmed'),
      state: 'progressing',
      reason: "'Pending'",
      message: "'Gateway ' + self.metadata.name + ' is accepted and not programmed yet.'",
    },
    {
      // A cluster without load balancers never assigns the address.
      when: `${hasStatus('programmed', 'False')} && ${reasonOf('programmed')} in ['Pending', 'AddressNotAssigned']`,
      state: 'progressing',
      reason: reasonOf('programmed'),
      message: `${messageOf('programmed')} + ' Check that the cluster gives load balancers an address.'`,
    },
    {
      when: hasStatus('programmed', 'False'),
      state: 'failed',
      reason: reasonOf('programmed'),
      message: `${messageOf('programmed')} + ' Look at the log of its controller.'`,
    },
    {
      when: 'variables.broken.size() > 0',
      state: 'degraded',
      reason: "'ListenerNotReady'",
      message: `'Listener ' + variables.broken[0].name + ' does not serve: ' + sentence(variables.broken[0].conditions.filter(c, ${isProblem})[0].message) + ' Check its port and its certificate.'`,
    },
    { when: 'true', state: 'ready', reason: "'Programmed'", message: "''" },
  ],
};
