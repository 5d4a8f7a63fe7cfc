export { buildArchive } from './archive/build-archive.js';
export { unpackArchive } from './archive/unpack-archive.js';
export { architecture, type ImageConfig } from './archive/image-documents.js';
export { type BuildOptions, buildNatsServer, buildToolbox } from './build/build.js';
export { manifestFolder, publishedManifest } from './build/published-manifest.js';
export { type OpenApiDefinition, type OpenApiProperty, publishedOpenApi } from './build/published-openapi.js';
export { buildNodePrograms, type NodePrograms } from './build/node-programs.js';
export { builtToolbox, cacheFolder, type Toolbox, withLock } from './build/toolbox.js';
export {
  type AdmissionPolicy,
  byKubectl,
  changingPolicy,
  enforcePolicy,
  keepingPolicy,
} from './cluster/admission-policy.js';
export { Kubectl, type LiveObject } from './cluster/kubectl.js';
export { kubeRequest, type Reply, type Target } from './cluster/kube-request.js';
export type { ClusterOptions } from './cluster/cluster-options.js';
export { type RunningCluster, startCluster } from './cluster/start-cluster.js';
export { ownCluster, readKubeconfig, type TestCluster, useTestCluster } from './cluster/use-test-cluster.js';
export { networkPolicyNote, type NodesKind } from './dev/dev-cluster.js';
export { type KubeNode } from './nodes/kube-node.js';
export { onRealNodes, onVolumeLimits, wherePossible } from './nodes/on-real-nodes.js';
export { type MachineProbe, probeRealNodes, probeVolumeLimits, withoutPackages } from './nodes/probe-real-nodes.js';
export { type RealCluster, startRealCluster } from './nodes/start-real-cluster.js';
export { busybox } from './nodes/system-images.js';
