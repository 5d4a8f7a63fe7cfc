export { type BuildOptions, buildNatsServer, buildToolbox } from './build/build.js';
export { manifestFolder, publishedManifest } from './build/published-manifest.js';
export { builtToolbox, cacheFolder, type Toolbox, withLock } from './build/toolbox.js';
export { type ComponentName } from './cluster/component.js';
export { kubeRequest, type Reply, type Target } from './cluster/kube-request.js';
export { type ClusterOptions, type RunningCluster, startCluster } from './cluster/start-cluster.js';
export { ownCluster, readKubeconfig, type TestCluster, useTestCluster } from './cluster/use-test-cluster.js';
