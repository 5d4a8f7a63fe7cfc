import type { KubeClient } from '@runos/kube-client';
import { refOf } from '@runos/kube-objects';
import type { RecordedHistory } from './recorded-history.js';
import { type StoredBundle, storedBundles } from './stored-bundles.js';

/** Records what the cluster agent must report of each instance, as the live objects of its stored bundle show it. */
export async function recordAgentReports(client: KubeClient, history: RecordedHistory): Promise<void> {
  for (const bundle of await storedBundles(client)) {
    const from = history.now();
    const ready = await isReady(client, bundle);
    const { osid, generation } = bundle.stored;
    history.agentReports.push({ osid, generation, ready, from, to: history.now() });
  }
}

async function isReady(client: KubeClient, { objects, kinds }: StoredBundle): Promise<boolean> {
  const healths = await Promise.all(
    objects.map(async (object) => {
      const live = await client.find(refOf(object));
      return live && kinds.healthOf(live, kinds.desiredReplicasOf(object));
    }),
  );
  return objects.length > 0 && healths.every((health) => health?.state === 'ready');
}
