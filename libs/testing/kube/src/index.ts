export { ownCluster, type TestCluster, useTestCluster } from './use-test-cluster.js';
