import type { LiveObject } from '@runos/testing-kube';
import { valueAt } from '@runos/tool-e2e';
import type { Row } from '../row.js';
import { remove, seen } from '../steps.js';

const ourLabels = ['runos.com/osid', 'app.kubernetes.io/managed-by'];

const lostLabels: Row = {
  id: 'F11',
  input: 'take our labels off a Namespace',
  async run({ plane }, result) {
    const instance = await plane.create('valkey', { name: 'live-f11' });
    const { osid } = instance;
    const before = valueAt(await plane.kubectl.get('namespace', osid), 'metadata', 'labels') as Record<string, string>;
    await plane.kubectl.run(['label', 'namespace', osid, ...ourLabels.map((name) => `${name}-`)]);
    const events = async () =>
      (await plane.events(instance)).filter(({ object }) => valueAt(object, 'kind') === 'Namespace');
    await seen(events, (found) => found.length > 1, 20_000); // more than one would be too many
    const found = await events();
    result.compare('number of events', found.length, 1);
    result.compare('event', found[0]?.['message'], /label/i);
    result.compare('no deletion is claimed', JSON.stringify(found).includes('was deleted'), false);
    const labels = ourLabels.map((name) => `${name}=${String(before[name])}`);
    await plane.kubectl.run(['label', 'namespace', osid, '--overwrite', ...labels]);
    await remove(plane, instance);
  },
};

/** As a backup tool sends it: without what only the API server writes. */
function restored({ status: _, metadata, ...content }: LiveObject): object {
  const { name, namespace, labels } = metadata as Record<string, unknown>;
  return { ...content, metadata: { name, namespace, labels } };
}

const coOwner: Row = {
  id: 'F13',
  input: 'a backup tool restores our objects and stays co-owner',
  async run({ plane }, result) {
    const instance = await plane.create('valkey', { name: 'live-f13' });
    const { osid } = instance;
    const name = `${osid}-config`;
    const live = (await plane.kubectl.get('configmap', name, osid)) ?? {};
    await plane.kubectl.apply([restored(live)], 'velero');
    const managers = async () => {
      const options = ['-n', osid, '--show-managed-fields', '-o', 'json'];
      const fields = await plane.kubectl.run(['get', 'configmap', name, ...options]);
      const entries = valueAt(JSON.parse(fields), 'metadata', 'managedFields') as { manager: string }[];
      return entries.map(({ manager }) => manager);
    };
    const last = await seen(managers, (names) => !names.includes('velero'), 180_000);
    result.compare('owners', last, ['runos']);
    const ofTool = async () => (await plane.events(instance)).filter(({ manager }) => manager === 'velero');
    const events = await seen(ofTool, (found) => found.length > 0);
    result.compare('number of events', events.length, 1);
    await remove(plane, instance);
  },
};

export const ownershipRows: readonly Row[] = [lostLabels, coOwner];
