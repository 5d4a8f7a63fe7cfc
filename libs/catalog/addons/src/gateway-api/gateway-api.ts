import type { Addon } from '../addon.js';

const version = '1.4.1';
const group = 'gateway.networking.k8s.io';
const folder = `https://raw.githubusercontent.com/kubernetes-sigs/gateway-api/v${version}/config/crd/standard`;
const plurals = ['backendtlspolicies', 'gatewayclasses', 'gateways', 'grpcroutes', 'httproutes', 'referencegrants'];

/** The kinds of the standard channel. Its implementations are controllers of their own: https://gateway-api.sigs.k8s.io */
export const gatewayApi: Addon = {
  name: 'gateway-api',
  title: 'Gateway API',
  version,
  crds: plurals.map((plural) => `${plural}.${group}`),
  recognition: { crd: `httproutes.${group}`, image: '', versionKey: `${group}/bundle-version` },
  manifestUrls: plurals.map((plural) => `${folder}/${group}_${plural}.yaml`),
  earlierManifestUrls: [],
};
