import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Bundle } from '@runos/agent-protocol';
import { startInformer, type Informer } from '@runos/kube-client';
import { type KubeObject, managedSelector, mapAt } from '@runos/kube-objects';
import { waitUntil } from '@runos/testing-process';
import type { AgentAccess } from './agent-access.js';
import { bundleOf, newOsid, objectsOf, refIn, type Harness, useHarness } from './harness.js';

const hourMs = 3_600_000;
/** The first delays are like the default ones, and faster. A repair that waited for the fifth one would never come. */
const conflicts = { delaysMs: [0, 10, 50, 300, hourMs], resetAfterMs: hourMs };

let access: AgentAccess;
let harness: Harness;
let osid: Bundle['osid'];
let informer: Informer | undefined;
const statefulSet = () => refIn(osid, 'apps/v1', 'StatefulSet');

const startWith = (options: typeof conflicts) => {
  useHarness((started) => ({ access, harness } = started), { conflicts: options });
  beforeEach(async () => {
    osid = newOsid();
    await harness.applyUntilReady(bundleOf(osid, 1, objectsOf(osid)));
  });
};

/** A controller that overwrites every other number of replicas. */
function startConflict(replicas: number): { times: number[] } {
  const times: number[] = [];
  let written = 0;
  const overwrite = async (live: KubeObject) => {
    // A late event is older than our last write.
    if (mapAt(live, 'spec')['replicas'] === replicas || Number(live.metadata.resourceVersion) < written) return;
    times.push(performance.now());
    const now = await access.admin.mergePatch(statefulSet(), { spec: { replicas } }, { fieldManager: 'stubborn' });
    written = Number(now.metadata.resourceVersion);
  };
  const selection = { apiVersion: 'apps/v1', kind: 'StatefulSet', namespace: osid, labelSelector: managedSelector };
  informer = startInformer(access.admin, selection, { onAddOrUpdate: overwrite, onDelete: () => undefined });
  return { times };
}

const contested =
  (message: RegExp) =>
  ({ conditions }: { conditions: { type: string; reason: string; message: string }[] }) =>
    conditions.some((one) => one.type === 'Drifted' && one.reason === 'Contested' && message.test(one.message));

describe('a conflicting manager', () => {
  startWith(conflicts);

  it('delays repairs ever longer, and is reported with its field from the third attempt on', async () => {
    const { times } = startConflict(4);
    await harness.waitForStatus(osid, contested(/stubborn keeps changing spec\.replicas of StatefulSet/));
    await waitUntil(() => times.length >= 5, { because: () => `${times.length} overwrites` });
    await informer?.stop();
    const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    // Each pause is our delay and two writes. The delays grow, and none is shortened.
    [0, 10, 50, 300].forEach((least, index) => expect(pauses[index]).toBeGreaterThanOrEqual(least));
    expect(harness.drifts(osid).map(({ manager }) => manager)).toEqual(harness.drifts(osid).map(() => 'stubborn'));
  });

  it('does not delay the repair of changes by another manager', async () => {
    const edit = async (replicas: number, fieldManager: string) => {
      await access.admin.mergePatch(statefulSet(), { spec: { replicas } }, { fieldManager });
      await waitUntil(async () => mapAt(await access.admin.get(statefulSet()), 'spec')['replicas'] === 1, {
        everyMs: 5,
        because: () => `${fieldManager} was not repaired`,
      });
    };
    for (let round = 0; round < 4; round += 1) await edit(3, 'stubborn');
    await edit(5, 'another-manager');
    await harness.waitForDrift(osid, ({ manager, action }) => manager === 'another-manager' && action === 'repaired');
  });
});

describe('a conflict', () => {
  startWith({ delaysMs: [0, 10, 50, 300, 5_000], resetAfterMs: 4_000 });

  it('is no longer reported after a quiet time', async () => {
    startConflict(4);
    await harness.waitForStatus(osid, contested(/stubborn/));
    await informer?.stop();
    await harness.waitForStatus(osid, ({ conditions }) =>
      conditions.some(({ type, status }) => type === 'Drifted' && status === 'True'),
    );
    const over = () => harness.lastStatus(osid)?.conditions;
    await waitUntil(() => over()?.some(({ type, reason }) => type === 'Drifted' && reason === 'NoDrift') ?? false, {
      because: () => JSON.stringify(over()),
    });
    expect(mapAt(await access.admin.get(statefulSet()), 'spec')['replicas']).toBe(1);
  });
});
