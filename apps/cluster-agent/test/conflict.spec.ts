import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Bundle } from '@runos/agent-protocol';
import { startInformer, type Informer } from '@runos/kube-client';
import { type KubeObject, managedSelector, mapAt } from '@runos/kube-objects';
import { waitUntil } from '@runos/testing-process';
import { type AgentAccess, agentAccess } from './agent-access.js';
import { bundleOf, newOsid, objectsOf, refIn, Harness } from './harness.js';

/** The delays of the field, a hundred times as fast. */
const delaysMs = [0, 10, 50, 300, 1_200, 6_000];

let access: AgentAccess;
let harness: Harness;
let osid: Bundle['osid'];
let stubborn: Informer | undefined;
const statefulSet = () => refIn(osid, 'apps/v1', 'StatefulSet');

beforeAll(async () => {
  access = await agentAccess();
  harness = await new Harness(access, { conflicts: { delaysMs, resetAfterMs: 4_000 } }).start();
}, 900_000);

afterAll(async () => {
  await harness?.stop();
  await access?.stop();
});

beforeEach(async () => {
  osid = newOsid();
  await harness.applyUntilReady(bundleOf(osid, 1, objectsOf(osid)));
});

/** A controller that sets its number of replicas whenever it sees another one. */
function fight(replicas: number): { times: number[] } {
  const times: number[] = [];
  let written = 0;
  const answer = async (seen: KubeObject) => {
    // What was seen late is older than the last answer to it.
    if (mapAt(seen, 'spec')['replicas'] === replicas || Number(seen.metadata.resourceVersion) < written) return;
    times.push(performance.now());
    const now = await access.admin.mergePatch(statefulSet(), { spec: { replicas } }, { fieldManager: 'stubborn' });
    written = Number(now.metadata.resourceVersion);
  };
  const selection = { apiVersion: 'apps/v1', kind: 'StatefulSet', namespace: osid, labelSelector: managedSelector };
  stubborn = startInformer(access.admin, selection, { onAddOrUpdate: answer, onDelete: () => undefined });
  return { times };
}

const contested =
  (message: RegExp) =>
  ({ conditions }: { conditions: { type: string; reason: string; message: string }[] }) =>
    conditions.some((one) => one.type === 'Drifted' && one.reason === 'Contested' && message.test(one.message));

describe('a manager that fights back', () => {
  it('is answered ever later, and named with its field from the third round on', async () => {
    const { times } = fight(4);
    await harness.waitForStatus(osid, contested(/stubborn keeps changing spec\.replicas of StatefulSet/));
    await waitUntil(() => times.length >= 5, { deadlineMs: 10_000, because: () => `${times.length} rounds` });
    await stubborn?.stop();
    const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    // What is measured is our delay and two writes; the delays themselves grow, and none is cut short.
    [0, 10, 50, 300].forEach((least, index) => expect(pauses[index]).toBeGreaterThanOrEqual(least));
    expect(harness.drifts(osid).map(({ manager }) => manager)).toEqual(harness.drifts(osid).map(() => 'stubborn'));
  });

  it('does not slow down the repair of what another manager changes', async () => {
    const edit = async (replicas: number, fieldManager: string) => {
      await access.admin.mergePatch(statefulSet(), { spec: { replicas } }, { fieldManager });
      await waitUntil(async () => mapAt(await access.admin.get(statefulSet()), 'spec')['replicas'] === 1, {
        ...{ deadlineMs: 10_000, everyMs: 5, because: () => `${fieldManager} was not undone` },
      });
    };
    for (let round = 0; round < 4; round += 1) await edit(3, 'stubborn');
    const since = performance.now();
    await edit(5, 'somebody-else');
    expect(performance.now() - since).toBeLessThan(1_000);
    await harness.waitForDrift(osid, ({ manager, action }) => manager === 'somebody-else' && action === 'repaired');
  });

  it('is forgotten after a quiet time', async () => {
    fight(4);
    await harness.waitForStatus(osid, contested(/stubborn/));
    await stubborn?.stop();
    await harness.waitForStatus(osid, ({ conditions }) =>
      conditions.some(({ type, status }) => type === 'Drifted' && status === 'True'),
    );
    const over = () => harness.statuses.filter((status) => status.osid === osid).at(-1)?.conditions;
    await waitUntil(() => over()?.some(({ type, reason }) => type === 'Drifted' && reason === 'AsWanted') ?? false, {
      ...{ deadlineMs: 15_000, because: () => JSON.stringify(over()) },
    });
    expect(mapAt(await access.admin.get(statefulSet()), 'spec')['replicas']).toBe(1);
  }, 30_000);
});
