import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import { addonsCapability, bundlesCapability, type DetectedAddon } from '@runos/agent-protocol';
import { reconciler } from '@runos/contracts';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Harness, startHarness } from './harness.js';

export const capabilities = [bundlesCapability, addonsCapability];
export const name = 'cloudnative-pg';
export const apply = `APPLY_ADDON ${name}`;
export const remove = `DELETE_ADDON ${name}`;
const manifest = `apiVersion: v1
kind: Namespace
metadata:
  name: cnpg-system
---
`;

export const detected = (over: Partial<DetectedAddon> = {}): DetectedAddon => ({
  name,
  present: true,
  ours: true,
  version: '1.27.0',
  ready: true,
  ...over,
});
export const missing = detected({ present: false, ours: false, version: null, ready: false });

/** The steps of the specs of managed add-ons. Each test has a harness of its own, with an agent that may install them. */
export function addonSteps() {
  const steps = {} as { harness: Harness };
  let addonManifests: string;
  beforeAll(async () => {
    addonManifests = await mkdtemp(join(tmpdir(), 'addon-manifests-'));
    await mkdir(join(addonManifests, name));
    await writeFile(join(addonManifests, name, 'cnpg-1.27.0.yaml'), manifest);
  });
  afterAll(() => rm(addonManifests, { recursive: true }));
  beforeEach(async () => {
    steps.harness = await startHarness({ settings: { addonManifests }, connected: false });
    await steps.harness.agent.connect({ capabilities });
  });
  afterEach(() => steps.harness.stop());

  const show = async () => {
    const { addons } = await steps.harness.request(reconciler.listAddons, { cid: steps.harness.cid });
    return addons.find((each) => each.name === name);
  };
  const install = () => steps.harness.request(reconciler.installAddon, { cid: steps.harness.cid, name });
  const uninstall = () => steps.harness.request(reconciler.removeAddon, { cid: steps.harness.cid, name });
  const create = (type: string) =>
    steps.harness.request(reconciler.createInstance, { cid: steps.harness.cid, type, fields: {} });
  const progressOf = (jobId: string, text: RegExp) =>
    steps.harness.jobs.when(jobId, ({ job }) => text.test(job.progress ?? ''));
  /** Installs the add-on and reports it as ready. */
  const installed = async (): Promise<void> => {
    await steps.harness.agent.reportAddons([missing]);
    const { jobId } = await install();
    await progressOf(jobId, /waiting until cloudnative-pg is ready/);
    await steps.harness.agent.reportAddons([detected()]);
    const { job } = await steps.harness.jobs.ended(jobId);
    if (job.status !== 'completed') throw new Error(`the add-on was not installed: ${job.error ?? job.status}`);
  };
  return Object.assign(steps, { show, install, uninstall, create, progressOf, installed });
}
