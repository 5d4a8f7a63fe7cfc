export { ApiTransport, type TransportOptions } from './api-transport.js';
export { bearer, type ClusterAccess, inClusterAccess, tokenFile } from './cluster-access.js';
export {
  type CallOptions,
  type DeleteOptions,
  type ForbiddenRequest,
  type JsonPatchStep,
  type ResourceSelector,
  KubeClient,
  type Page,
  type WriteOptions,
} from './kube-client.js';
export {
  isAlreadyExists,
  isConflict,
  isExpired,
  isInvalid,
  isNotFound,
  isRefusal,
  KubeError,
  type RejectedField,
} from './kube-error.js';
export { readKubeconfig } from './kubeconfig.js';
export { type Resource, RestMapper } from './rest-mapper.js';
export { startInformer, type Informer, type ResourceEventHandler, type InformerOptions } from './informer.js';
