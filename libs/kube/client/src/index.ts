export { ApiTransport, type TransportOptions } from './api-transport.js';
export { bearer, type ClusterAccess } from './cluster-access.js';
export { inClusterAccess } from './in-cluster.js';
export {
  type CallOptions,
  type DeleteOptions,
  type JsonPatchStep,
  type KindSelection,
  KubeClient,
  type Page,
  type WriteOptions,
} from './kube-client.js';
export { isConflict, isExpired, isInvalid, isNotFound, KubeError, type RefusedField } from './kube-error.js';
export { readKubeconfig } from './kubeconfig.js';
export { type Resource, RestMapping } from './rest-mapping.js';
export { tokenFile } from './token-file.js';
export { watch, type WatchHandle, type WatchHandler, type WatchOptions } from './watch.js';
