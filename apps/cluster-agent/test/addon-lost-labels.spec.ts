import { expect, it } from '@jest/globals';
import { refOf } from '@runos/kube-objects';
import {
  deleteAll,
  existing,
  inputOf,
  installerOf,
  manifestOf,
  removeUntilDone,
  useAddonAccess,
  version,
} from './addon-harness.js';
import type { AgentAccess } from './agent-access.js';
import { ofKind } from './harness.js';

let access: AgentAccess;
useAddonAccess((started) => (access = started));

const refused = (reason: RegExp) => ({ accepted: false, done: false, reason: expect.stringMatching(reason) });

it('an object that lost its labels is named by each installation, and by the removal that leaves it', async () => {
  const objects = await manifestOf(version);
  const refs = objects.map(refOf);
  const installer = installerOf(access);
  await installer.applyAddon(inputOf(objects));
  const role = refOf(ofKind(objects, 'ClusterRole'));
  await access.admin.mergePatch(role, { metadata: { labels: { 'runos.com/addon': null } } });
  const words =
    /^The labels of ClusterRole .* were removed, which RunOS installed .* kubectl label clusterrole .* runos\.com\/addon=/;
  expect(await installer.applyAddon(inputOf(objects))).toEqual(refused(words));
  expect(await removeUntilDone(installer)).toBe(
    `Not deleted, because the labels of RunOS were removed: ClusterRole ${role.name}. Delete them yourself if they are not used.`,
  );
  expect(await existing(access.admin, refs)).toEqual([role]);
  expect(await installer.applyAddon(inputOf(objects))).toEqual(refused(words));
  await deleteAll(access.admin, [role]);
});
