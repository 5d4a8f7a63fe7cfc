import { valueAt } from '@runos/tool-e2e';
import type { Row } from '../row.js';
import { remove, seen, statusOnce } from '../steps.js';

const crd = 'clusters.postgresql.cnpg.io';

const removedCrd: Row = {
  id: 'F16',
  isAlone: true,
  input: 'the CRD of the operator is removed and comes back',
  async run({ plane }, result) {
    const instance = await plane.create('postgresql', { name: 'live-f16' });
    const live = await plane.kubectl.get('crd', crd);
    const labels = valueAt(live, 'metadata', 'labels');
    const annotations = valueAt(live, 'metadata', 'annotations');
    const definition = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: crd, labels, annotations },
      spec: valueAt(live, 'spec'),
    };
    await plane.kubectl.run(['delete', 'crd', crd]);
    const right = /NoKind.*install/i;
    const shown = async () => JSON.stringify(await plane.show(instance));
    result.compare('status', await seen(shown, (text) => right.test(text), 60_000), right);
    const replicas = async () => (await plane.api.get(`${instance.path}/status`)).body['replicas'] as { ready: number };
    result.compare('replicas', await seen(replicas, ({ ready }) => ready === 0), { desired: 1, ready: 0 });
    await plane.kubectl.apply([definition], 'live-state');
    result.compare('status with it', (await statusOnce(plane, instance, 'healthy'))['status'], 'healthy');
    await remove(plane, instance);
  },
};

export const customResourceRows: readonly Row[] = [removedCrd];
