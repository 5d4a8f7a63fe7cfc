import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AddonRecognition, DetectedAddon } from '@runos/agent-protocol';
import { type KubeObject, type ObjectRef, refOf } from '@runos/kube-objects';
import { waitUntil } from '@runos/testing-process';
import type { AddonDetector } from '../src/addons/addon-detector.js';
import { detectorOf } from './addon-harness.js';
import { type AgentAccess, useAccess } from './agent-access.js';

let access: AgentAccess;
let addon: AddonRecognition;
let reports: DetectedAddon[][];
let detector: AddonDetector;
let created: ObjectRef[];

useAccess((started) => (access = started));

beforeEach(() => {
  const group = `g${randomBytes(4).toString('hex')}.example.com`;
  addon = { name: 'widgets', crd: `widgets.${group}`, image: `${group}/operator` };
  created = [];
  reports = [];
  detector = newDetector();
});

afterEach(async () => {
  await detector.stop();
  for (const ref of created.reverse()) await access.admin.delete(ref);
});

const newDetector = () => detectorOf(access, (addons) => void reports.push(addons));

/** Creates an object as a user of the cluster does. */
async function create(object: KubeObject): Promise<ObjectRef> {
  await access.admin.create(object, { fieldManager: 'helm' });
  const ref = refOf(object);
  created.push(ref);
  return ref;
}

function crd(labels: Record<string, string> = {}, annotations: Record<string, string> = {}): KubeObject {
  const [plural = '', ...group] = addon.crd.split('.');
  const schema = { openAPIV3Schema: { type: 'object' } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: addon.crd, labels, annotations },
    spec: {
      group: group.join('.'),
      names: { plural, singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
      scope: 'Namespaced',
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  };
}

function operator(image: string, name = 'operator', labels: Record<string, string> = {}): KubeObject {
  const matchLabels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: `${name}-${addon.crd.split('.')[1]}`, namespace: 'default', labels },
    spec: {
      replicas: 0,
      selector: { matchLabels },
      template: {
        metadata: { labels: matchLabels },
        spec: {
          containers: [
            { name: 'sidecar', image: 'example.com/sidecar:9' },
            { name: 'manager', image },
          ],
        },
      },
    },
  };
}

const ours = { 'app.kubernetes.io/managed-by': 'runos' };
const missing = { name: 'widgets', present: false, ours: false, version: null, ready: false };
/** CRDs alone are ready; an operator without replicas is not. */
const present = (over: Partial<DetectedAddon> = {}) => ({
  ...missing,
  present: true,
  ready: over.version === undefined,
  ...over,
});

const reported = (addons: DetectedAddon[]) =>
  waitUntil(() => JSON.stringify(reports.at(-1)) === JSON.stringify(addons), {
    everyMs: 10,
    because: () => `reported were ${JSON.stringify(reports)} instead of ${JSON.stringify(addons)}`,
  });

describe('add-ons', () => {
  it('are reported as missing, present, in their version, and missing again', async () => {
    detector.connected([addon]);
    await reported([missing]);
    const definition = await create(crd());
    await reported([present()]);
    const deployment = await create(operator(`mirror:5000/quay/${addon.image}:1.2.3`));
    await reported([present({ version: '1.2.3' })]);
    const upgraded = operator(`${addon.image}:1.3.0`);
    await access.admin.apply(upgraded, { fieldManager: 'helm' });
    await reported([present({ version: '1.3.0' })]);
    await access.admin.delete(deployment);
    await reported([present()]);
    await access.admin.delete(definition);
    await reported([missing]);
    expect(reports).toHaveLength(6);
  });

  it('that a user installed stay untouched', async () => {
    const refs = [await create(crd()), await create(operator(`${addon.image}:1.2.3`))];
    const owners = async () => {
      const objects = await Promise.all(refs.map((ref) => access.admin.get(ref)));
      return objects.map(({ metadata }) =>
        metadata.managedFields?.filter(({ subresource }) => subresource === undefined),
      );
    };
    await waitUntil(async () => (await access.admin.get(refs[1] as ObjectRef))['status'] !== undefined, {
      because: () => 'the controllers did not observe the Deployment',
    });
    const before = await owners();
    detector.connected([addon]);
    await reported([present({ version: '1.2.3' })]);
    expect(await owners()).toEqual(before);
    expect(JSON.stringify(before)).toContain('helm');
    expect(JSON.stringify(before)).not.toContain('runos');
  });

  it('are ours by the labels of the operator; of two operators the user’s counts', async () => {
    detector.connected([addon]);
    await create(crd(ours));
    // The agent has no record of it, so it does not know whether the add-on is complete.
    await reported([present({ ours: true, ready: false })]);
    await create(operator(`${addon.image}:2.0.0`, 'ours', ours));
    await reported([present({ ours: true, version: '2.0.0' })]);
    await create(operator(`${addon.image}:1.0.0`, 'foreign'));
    await reported([present({ version: '1.0.0' })]);
  });

  it('with an operator are ready while one of its replicas is available', async () => {
    await create(crd());
    const ref = await create(operator(`${addon.image}:1.0.0`));
    detector.connected([addon]);
    await reported([present({ version: '1.0.0' })]);
    await access.admin.mergePatch(ref, { spec: { replicas: 1 } });
    await reported([present({ version: '1.0.0', ready: true })]);
    await access.admin.mergePatch(ref, { spec: { replicas: 0 } });
    await reported([present({ version: '1.0.0' })]);
  });

  it('without an operator have the version of a label or an annotation of the CRD', async () => {
    const versionKey = 'example.com/version';
    detector.connected([{ name: addon.name, crd: addon.crd, image: '', versionKey }]);
    const ref = await create(crd({ [versionKey]: '1.4.0' }));
    await create(operator(`${addon.image}:9.9.9`));
    await reported([{ ...present({ version: '1.4.0' }), ready: true }]);
    await access.admin.mergePatch(ref, { metadata: { annotations: { [versionKey]: 'v1.4.1' } } });
    await reported([{ ...present({ version: '1.4.1' }), ready: true }]);
    await access.admin.mergePatch(ref, { metadata: { annotations: { [versionKey]: 'no version' }, labels: null } });
    await reported([present()]);
  });

  it('without a CRD are missing, although the operator runs', async () => {
    await create(operator(`${addon.image}:1.0.0`));
    detector.connected([addon]);
    await reported([missing]);
  });

  it('are reported again after each connect, others when the plane requests others, none for an older plane', async () => {
    detector.connected([addon]);
    await reported([missing]);
    detector.connected([addon]);
    expect(reports).toEqual([[missing], [missing]]);
    const gadgets = { ...addon, name: 'gadgets' };
    detector.connected([addon, gadgets]);
    await reported([missing, { ...missing, name: 'gadgets' }]);
    detector.connected();
    const ended = detector;
    const before = [...reports];
    reports = [];
    detector = newDetector();
    detector.connected([addon]);
    await create(crd());
    await reported([present()]);
    await ended.stop();
    // The reports are those of the second detector: one when it has listed, one about the CRD.
    expect(reports.filter((addons) => addons.length > 1)).toEqual([]);
    expect(before).toHaveLength(3);
  });
});
