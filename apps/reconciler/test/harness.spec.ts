import { expect, it } from '@jest/globals';
import { waitUntil } from '@runos/testing-process';
import { startHarness } from './harness.js';

it('a harness whose start fails leaves no process behind', async () => {
  await expect(startHarness({ settings: { workers: -1 } })).rejects.toThrow('RUNOS_WORKERS');
  const hasChild = () => process.getActiveResourcesInfo().includes('ProcessWrap');
  await waitUntil(() => !hasChild(), { because: () => 'a child of this process still runs' });
});
