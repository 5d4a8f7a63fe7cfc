import { type KubeAttempt, post } from './attempt.js';
import { addonNamespace, clusterOf, metadataIn, ofAddon, serviceOf } from './objects.js';

const external = [
  { externalIPs: ['10.0.0.1'] },
  { type: 'LoadBalancer' },
  { type: 'NodePort' },
  { type: 'ExternalName', externalName: 'kubernetes.default.svc' },
];

/** Traffic of other services. */
export const toTraffic = (osid: string): KubeAttempt[] => [
  ...external.map((spec) => post(`/api/v1/namespaces/${osid}/services`, serviceOf(osid, spec))),
  ...external.map((spec) =>
    post(
      `/api/v1/namespaces/${addonNamespace}/services`,
      ofAddon(serviceOf(addonNamespace, spec, 'cnpg-webhook-service')),
    ),
  ),
  post(
    `/apis/postgresql.cnpg.io/v1/namespaces/${osid}/clusters`,
    clusterOf(osid, { managed: { services: { additional: [] } } }),
  ),
  post(`/api/v1/namespaces/${osid}/endpoints`, { apiVersion: 'v1', kind: 'Endpoints', metadata: metadataIn(osid) }),
  post(`/apis/discovery.k8s.io/v1/namespaces/${osid}/endpointslices`, {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: metadataIn(osid),
    addressType: 'IPv4',
    endpoints: [],
  }),
];
