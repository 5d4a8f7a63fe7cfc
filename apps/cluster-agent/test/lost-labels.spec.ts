import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Bundle } from '@runos/agent-protocol';
import { ownerLabels } from '@runos/kube-objects';
import type { Status } from '../src/status/plane-client.js';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentAccess } from './agent-access.js';
import { bundleOf, type Harness, newOsid, objectsOf, refIn, useHarness } from './harness.js';

let access: AgentAccess;
let harness: Harness;
let osid: Bundle['osid'];

const namespace = () => refIn(osid, 'v1', 'Namespace', osid);
const byHand = { fieldManager: 'kubectl-label' };
const labels = { [ownerLabels.osid]: null, [ownerLabels.managedBy]: null };
const fieldsOf = (...names: string[]) => names.map((name) => `metadata.labels["${name}"]`);

useHarness((started) => ({ access, harness } = started));

beforeEach(() => {
  osid = newOsid();
});

const appliedReason = ({ conditions }: Status) => conditions.find(({ type }) => type === 'Applied')?.reason;

describe('the labels of the namespace', () => {
  it('are put back, and reported as removed, while one of both is left', async () => {
    await harness.applyUntilReady(bundleOf(osid, 1, objectsOf(osid)));
    await access.admin.mergePatch(namespace(), { metadata: { labels: { [ownerLabels.osid]: null } } }, byHand);
    const drift = await harness.waitForDrift(osid, () => true);
    expect(drift).toMatchObject({
      action: 'repaired',
      removed: true,
      fields: fieldsOf(ownerLabels.osid),
      manager: null,
    });
    expect((await access.admin.get(namespace())).metadata.labels).toMatchObject({ [ownerLabels.osid]: osid });
  });

  it('cannot be put back without both: reported once, with the reason and the remedy, until a person does it', async () => {
    await harness.applyUntilReady(bundleOf(osid, 1, objectsOf(osid)));
    const { uid } = (await access.admin.get(namespace())).metadata;
    await access.admin.mergePatch(namespace(), { metadata: { labels } }, byHand);
    const status = await harness.waitForStatus(osid, (each) => appliedReason(each) === 'LabelsRemoved');
    const message = expect.stringMatching(
      new RegExp(
        `only write in namespaces that carry the labels.* Put the labels back: kubectl label namespace ${osid} `,
      ),
    );
    expect(status.objects[0]).toMatchObject({ kind: 'Namespace', state: 'pending', reason: 'LabelsRemoved', message });
    await sleep(4_000); // some more attempts
    expect(harness.drifts(osid)).toEqual([
      expect.objectContaining({
        object: expect.objectContaining({ kind: 'Namespace', name: osid }),
        action: 'failed',
        removed: true,
        manager: null,
        fields: fieldsOf(ownerLabels.managedBy, ownerLabels.osid),
        cause: message,
      }),
    ]);

    harness.statuses.length = 0;
    const restored = { [ownerLabels.osid]: osid, [ownerLabels.managedBy]: 'runos' };
    await access.admin.mergePatch(namespace(), { metadata: { labels: restored } }, byHand);
    await harness.waitForStatus(osid, ({ phase }) => phase === 'ready');
    expect((await access.admin.get(namespace())).metadata).toMatchObject({ uid, labels: restored });
    await harness.removeUntilGone(osid);
  });

  it('are reported as removed by the drift policy report, and the namespace is not taken for deleted', async () => {
    await harness.applyUntilReady(bundleOf(osid, 1, objectsOf(osid), 'report'));
    await access.admin.mergePatch(namespace(), { metadata: { labels } }, byHand);
    const drift = await harness.waitForDrift(osid, () => true);
    expect(drift).toMatchObject({ action: 'reported', removed: true });
    expect([...drift.fields].sort()).toEqual(fieldsOf(ownerLabels.managedBy, ownerLabels.osid));
    const last = harness.lastStatus(osid);
    expect(last?.objects.filter(({ reason }) => reason === 'Missing')).toEqual([]);
  });
});
