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
  type RefusalListener,
  type WriteOptions,
} from './kube-client.js';
export {
  isAlreadyExists,
  isConflict,
  isExpired,
  isForbidden,
  isInvalid,
  isNotAdmitted,
  isNotFound,
  isRefusal,
  KubeError,
  type RejectedField,
} from './kube-error.js';
export { readKubeconfig } from './kubeconfig.js';
export { type RequestTarget, type Resource, RestMapper } from './rest-mapper.js';
export {
  startInformer,
  type Informer,
  type InformerOptions,
  type ResourceEventHandler,
  type WatchFailure,
} from './informer.js';
