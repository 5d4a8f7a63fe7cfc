import type { CustomKind } from '@runos/kube-kinds';
import { certificateKind } from './cert-manager/certificate-kind.js';
import { clusterIssuerKind, issuerKind } from './cert-manager/issuer-kinds.js';
import { gatewayClassKind } from './gateway-api/gateway-class-kind.js';
import { gatewayKind } from './gateway-api/gateway-kind.js';
import { httpRouteKind } from './gateway-api/http-route-kind.js';
import { referenceGrantKind } from './gateway-api/reference-grant-kind.js';

/** The kinds of the add-ons whose controllers are instances, or belong to the user. */
export const controllerKinds: readonly CustomKind[] = [
  gatewayClassKind,
  gatewayKind,
  httpRouteKind,
  referenceGrantKind,
  issuerKind,
  clusterIssuerKind,
  certificateKind,
];
