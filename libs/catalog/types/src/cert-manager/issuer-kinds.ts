import type { CustomKind } from '@runos/kube-kinds';

/** Only one of them may be set: an addition of another is drift. */
const exclusive = ['acme', 'ca', 'selfSigned', 'vault', 'venafi'].map((kind) => ({ path: `spec.${kind}` }));

/** Certificates name an issuer, so that it comes first. Health is its condition Ready. */
const issuer = (kind: string, resource: string): CustomKind => ({
  apiVersion: 'cert-manager.io/v1',
  kind,
  resource,
  role: 'referenced',
  immutablePolicy: 'refuse',
  holdsData: false,
  exclusive,
  variables: [],
  health: [],
});

/** Signs certificates of its own namespace. */
export const issuerKind = issuer('Issuer', 'issuers');

/** Signs certificates of every namespace. */
export const clusterIssuerKind = issuer('ClusterIssuer', 'clusterissuers');
