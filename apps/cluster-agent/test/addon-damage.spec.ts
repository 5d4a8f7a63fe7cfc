import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { DetectedAddon } from '@runos/agent-protocol';
import { systemClock } from '@runos/kernel';
import { type KubeObject, mapAt, mapsIn, type ObjectRef, refOf } from '@runos/kube-objects';
import { waitUntil } from '@runos/testing-process';
import type { AddonDetector } from '../src/addons/addon-detector.js';
import type { AddonInstaller } from '../src/addons/addon-installer.js';
import {
  detectorOf,
  inputOf,
  installerOf,
  manifestOf,
  name,
  recognition,
  useAddonAccess,
  version,
} from './addon-harness.js';
import type { AgentAccess } from './agent-access.js';
import { ofKind } from './harness.js';

let access: AgentAccess;
let objects: KubeObject[];
let installer: AddonInstaller;
let detector: AddonDetector;
let reports: DetectedAddon[][];
/** While it is true, the interval between two verifications does not pass. */
let isClockStopped = false;
const monotonicMs = () => systemClock.monotonicMs();

useAddonAccess((started) => (access = started));

beforeAll(async () => {
  objects = await manifestOf(version);
  installer = installerOf(access);
});

/** It repairs what a failed test has damaged. */
beforeEach(async () => {
  reports = [];
  const stoppedAt = monotonicMs();
  const clock = { ...systemClock, monotonicMs: () => (isClockStopped ? stoppedAt : monotonicMs()) };
  detector = detectorOf(access, (addons) => void reports.push(addons), clock);
  await apply();
  detector.connected([{ name, ...recognition }]);
  await reported(true);
});
afterEach(async () => {
  isClockStopped = false;
  await detector.stop();
});

/** An operation without changes ends with a verification. */
const verify = () => detector.whileChanging(() => Promise.resolve());

/** Applies the manifest as the plane does when it receives the report of a damage. */
async function apply(): Promise<void> {
  const applied = detector.whileChanging(() => installer.applyAddon(inputOf(objects)));
  expect(await applied).toEqual({ accepted: true, done: true });
}

/** Waits for the last report; the longest wait is the interval between two verifications. */
const reported = (ready: boolean, problem?: RegExp) =>
  waitUntil(
    () => {
      const last = reports.at(-1)?.[0];
      return last?.ready === ready && (problem?.test(last.problem ?? '') ?? last.problem === undefined);
    },
    { deadlineMs: 120_000, because: () => `reported were ${JSON.stringify(reports)}` },
  );

const crdNamed = (plural: string): ObjectRef => ({
  ...refOf(ofKind(objects, 'CustomResourceDefinition')),
  name: `${plural}.postgresql.cnpg.io`,
});

async function addArgument(deployment: ObjectRef): Promise<void> {
  const live = await access.admin.get(deployment);
  const [container] = mapsIn(mapAt(live, 'spec', 'template', 'spec')['containers']);
  const args = [...((container?.['args'] as string[] | undefined) ?? []), '--log-level=debug'];
  const path = '/spec/template/spec/containers/0/args';
  await access.admin.jsonPatch(deployment, [{ op: 'replace', path, value: args }]);
}

const remove = (ref: ObjectRef) => access.admin.delete(ref);
const kinds = ['Service', 'ConfigMap', 'ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration'];

describe('damage to an installed add-on is reported with its object, and an apply repairs it', () => {
  const damages: [string, string, (ref: ObjectRef) => Promise<unknown>, RegExp][] = [
    ...kinds.map((kind): [string, string, typeof remove, RegExp] => [
      `a deleted ${kind}`,
      kind,
      remove,
      new RegExp(`^${kind} .* was deleted\\.$`),
    ]),
    [
      'a ClusterRole without rules',
      'ClusterRole',
      (ref) => access.admin.mergePatch(ref, { rules: [] }),
      /^ClusterRole cnpg-.* was changed/,
    ],
    ['another argument of the operator', 'Deployment', addArgument, /^Deployment .* was changed/],
    [
      'a changed CRD',
      'CustomResourceDefinition',
      (ref) => access.admin.jsonPatch(ref, [{ op: 'add', path: '/spec/versions/0/deprecated', value: true }]),
      /^CustomResourceDefinition .* was changed/,
    ],
  ];

  it.each(damages)('%s', async (_, kind, damage, problem) => {
    // The verification of a kind that is not watched is requested here; the next test waits for its interval.
    await damage(refOf(ofKind(objects, kind)));
    await verify();
    await reported(false, problem);
    await apply();
    await reported(true);
  });

  it('also of a kind that is not watched, within a minute', async () => {
    await remove(refOf(ofKind(objects, 'Service')));
    await reported(false, /^Service .* was deleted\.$/);
    await apply();
    await reported(true);
  });

  it('of a CRD or the Deployment at once', async () => {
    isClockStopped = true;
    await addArgument(refOf(ofKind(objects, 'Deployment')));
    await reported(false, /^Deployment /);
    await apply();
    await reported(true);
  });
});

it('an object without its label is reported with the command that puts it back', async () => {
  const crd = crdNamed('imagecatalogs');
  await access.admin.mergePatch(crd, { metadata: { labels: { 'runos.com/addon': null } } });
  const command =
    'kubectl label customresourcedefinition imagecatalogs.postgresql.cnpg.io app.kubernetes.io/managed-by=runos runos.com/addon=cloudnative-pg --overwrite';
  await verify();
  await waitUntil(() => reports.at(-1)?.[0]?.problem?.includes(command) ?? false, {
    because: () => `reported were ${JSON.stringify(reports)}`,
  });
  await access.admin.mergePatch(crd, { metadata: { labels: { 'runos.com/addon': name } } });
  await verify();
  await reported(false, /^CustomResourceDefinition imagecatalogs.* was changed/);
  await apply();
  await reported(true);
});
