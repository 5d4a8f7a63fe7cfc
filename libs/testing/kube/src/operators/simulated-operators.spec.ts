import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { addServiceType, beacon, beaconCrd } from '@runos/service-types/testing';
import { waitUntil } from '@runos/testing-process';
import { buildToolbox } from '../build/build.js';
import { installCrds } from '../cluster/base-objects.js';
import { ClusterUnderTest, type Live } from '../cluster/cluster-under-test.js';
import { kubeRequest } from '../cluster/kube-request.js';

const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const beaconCrdPath = `${crds}/${beaconCrd.metadata.name}`;
/** From the creation of an object to the status that its simulated operator sets, ms. */

describe('simulated operators', () => {
  const remove = addServiceType(beacon);
  let test: ClusterUnderTest;
  beforeAll(async () => {
    test = await ClusterUnderTest.start({ operators: [] });
  }, 900_000);
  afterAll(async () => {
    remove();
    await test?.stop();
  });

  const createCrd = async (): Promise<void> => void (await test.apply(beaconCrdPath, beaconCrd));
  const removeCrd = async (): Promise<void> => {
    await kubeRequest(test.cluster, beaconCrdPath, { method: 'DELETE' });
    await test.waitUntilGone(beaconCrdPath);
  };
  const beaconIsLit = async (ns: string): Promise<Live> => {
    const path = `/apis/testing.example.com/v1/namespaces/${await test.namespace(ns)}/beacons/${ns}`;
    const object = { apiVersion: 'testing.example.com/v1', kind: 'Beacon', metadata: { name: ns } };
    let refusal = '';
    const isCreated = (): Promise<boolean> =>
      test.apply(path, object).then(
        () => true,
        (error: Error) => {
          refusal = error.message; // 404: the API server serves a kind some moments after it has accepted its CRD
          return false;
        },
      );
    await waitUntil(isCreated, { everyMs: 50, because: () => refusal });
    return test.waitFor(path, ({ status }) => status['lit'] === true);
  };
  const databaseIsHealthy = async (ns: string): Promise<Live> => {
    const path = `/apis/postgresql.cnpg.io/v1/namespaces/${await test.namespace(ns)}/clusters/${ns}`;
    const spec = { instances: 1, storage: { size: '10Gi' } };
    await test.apply(path, { apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', metadata: { name: ns }, spec });
    return test.waitFor(path, ({ status }) => status['phase'] === 'Cluster in healthy state');
  };

  it('start one by one, each when its CRD is served', async () => {
    await createCrd();
    await beaconIsLit('first');
    await installCrds(test.cluster, await buildToolbox(), ['cloudnative-pg']);
    await databaseIsHealthy('database');
    await beaconIsLit('second');
  });

  it('start again when their CRD returns after its removal, and leave the others at work', async () => {
    await removeCrd();
    await databaseIsHealthy('lonely-database');
    await createCrd();
    await beaconIsLit('returned');
    await removeCrd();
    await createCrd();
    await beaconIsLit('returned-at-once');
  });

  it('go on after a restart of the API server', async () => {
    const api = test.cluster.components.get('kube-apiserver');
    await api?.stop();
    await api?.start();
    await beaconIsLit('restarted');
    await databaseIsHealthy('restarted-database');
  });
});
