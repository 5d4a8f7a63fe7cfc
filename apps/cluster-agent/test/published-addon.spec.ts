import { expect, it } from '@jest/globals';
import { fieldManager, refOf } from '@runos/kube-objects';
import {
  addonLabels,
  fullManifestOf,
  inputOf,
  installerOf,
  name,
  useAddonAccess,
  version,
  whileDetected,
} from './addon-harness.js';
import type { AgentAccess } from './agent-access.js';

let access: AgentAccess;
useAddonAccess((started) => (access = started));

it('an add-on is installed with every object of its published manifest, and detected as ours and ready', () =>
  whileDetected(access, async (reported) => {
    const objects = await fullManifestOf(version);
    expect(await installerOf(access).applyAddon(inputOf(objects))).toEqual({ accepted: true, done: true });
    for (const object of objects) {
      const { metadata } = await access.admin.get(refOf(object));
      expect(metadata.labels).toMatchObject({ ...object.metadata.labels, ...addonLabels });
      expect(metadata.managedFields).toContainEqual(
        expect.objectContaining({ manager: fieldManager, operation: 'Apply' }),
      );
    }
    await reported({ name, present: true, ours: true, version, ready: true });
  }));
