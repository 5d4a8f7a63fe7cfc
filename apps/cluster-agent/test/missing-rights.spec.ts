import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Bundle } from '@runos/agent-protocol';
import { type KubeObject, mapAt, mapsIn } from '@runos/kube-objects';
import { waitUntil } from '@runos/testing-process';
import { agentReadiness } from '../src/readiness/agent-readiness.js';
import { type AgentAccess, useAccess } from './agent-access.js';
import { AgentHarness } from './agent-harness.js';
import { bundleOf, Harness, newOsid, objectsOf } from './harness.js';

let access: AgentAccess;
let osid: Bundle['osid'];

const never = () => 3_600_000;
const role = () => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  name: `${access.namespace}-cluster-agent`,
});

useAccess((started) => (access = started));

beforeEach(() => {
  osid = newOsid();
});

/** Whether RBAC allows this to the agent. It reads roles from a cache, which is a moment late. */
async function isAllowed(verb: string, resource: string): Promise<boolean> {
  const group = resource === 'statefulsets' ? 'apps' : '';
  const review = await access.agent.create({
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    metadata: { name: '' },
    spec: { resourceAttributes: { verb, group, resource } },
  });
  return mapAt(review, 'status')['allowed'] === true;
}

/** Takes verbs on one resource from the role of the agent, and waits for RBAC. Returns what gives them back. */
async function withdraw(resource: string, ...verbs: [string, ...string[]]): Promise<() => Promise<KubeObject>> {
  const { rules } = await access.admin.get(role());
  const reduced = mapsIn(rules).flatMap((rule) => {
    const [resources, allowed] = [rule['resources'] as string[], rule['verbs'] as string[]];
    if (!resources.includes(resource)) return [rule];
    const others = resources.filter((each) => each !== resource);
    const left = { ...rule, resources: [resource], verbs: allowed.filter((verb) => !verbs.includes(verb)) };
    return others.length > 0 ? [{ ...rule, resources: others }, left] : [left];
  });
  const patch = (value: unknown) => access.admin.mergePatch(role(), { rules: value }, { fieldManager: 'runos-start' });
  await patch(reduced);
  await waitUntil(async () => !(await isAllowed(verbs[0], resource)), {
    because: () => `the agent may still ${verbs[0]} ${resource}`,
  });
  return () => patch(rules);
}

describe('a right that the agent lacks', () => {
  let harness: Harness;
  let restore: () => Promise<KubeObject>;
  const problems = () => harness.controller.observation.problems;
  const untilSolved = () => waitUntil(() => problems().length === 0, { because: () => JSON.stringify(problems()) });

  beforeEach(async () => {
    harness = await new Harness(access, { blockedBackoff: never }).start();
  });
  afterEach(async () => {
    await restore();
    await harness.stop();
  });

  it('to delete a kind is named in the status of a removal, which goes on by itself when it is back', async () => {
    await harness.applyUntilReady(bundleOf(osid, 1, objectsOf(osid)));
    restore = await withdraw('statefulsets', 'delete');
    await harness.controller.deleteBundle({ osid, generation: 2, revision: 2 });
    const words = /cannot delete resource "statefulsets" in API group "apps"/;
    const refused = await harness.waitForStatus(osid, ({ objects }) =>
      objects.some(({ reason }) => reason === 'DeletionRefused'),
    );
    expect(refused.objects).toContainEqual(
      expect.objectContaining({ kind: 'StatefulSet', state: 'deleting', message: expect.stringMatching(words) }),
    );
    expect(refused.conditions).toContainEqual(
      expect.objectContaining({ type: 'Removed', reason: 'DeletionRefused', message: expect.stringMatching(words) }),
    );
    expect(problems()).toMatchObject([{ verb: 'delete', kind: 'StatefulSet', message: expect.stringMatching(words) }]);
    await restore();
    await harness.waitForStatus(osid, ({ phase }) => phase === 'gone');
    await untilSolved();
  });

  it('to list claims makes it unknown whether data is at risk', async () => {
    await harness.applyUntilReady(bundleOf(osid, 1, objectsOf(osid)));
    restore = await withdraw('persistentvolumeclaims', 'list', 'watch');
    const restarted = harness.restart(); // it waits for the list of claims
    const risk = (known: 'Unknown' | 'False') =>
      harness.waitForStatus(osid, ({ conditions }) =>
        conditions.some(({ type, status }) => type === 'DataAtRisk' && status === known),
      );
    expect((await risk('Unknown')).conditions).toContainEqual(
      expect.objectContaining({ type: 'DataAtRisk', reason: 'ListRefused', message: expect.stringMatching(/list/) }),
    );
    await restore();
    await restarted;
    await risk('False');
    await harness.removeUntilGone(osid);
  });

  it('to create a kind is named in the status of a change, which goes on by itself when it is back', async () => {
    restore = await withdraw('services', 'create');
    await harness.controller.applyBundle(bundleOf(osid, 1, objectsOf(osid)));
    const words = /cannot create resource "services"/;
    const refused = await harness.waitForStatus(osid, ({ conditions }) =>
      conditions.some(({ type, reason }) => type === 'Applied' && reason === 'Forbidden'),
    );
    expect(refused.phase).toBe('applying');
    expect(refused.objects).toContainEqual(
      expect.objectContaining({ kind: 'Service', state: 'pending', message: expect.stringMatching(words) }),
    );
    expect(problems()).toMatchObject([{ verb: 'create', kind: 'Service', message: expect.stringMatching(words) }]);
    await restore();
    await harness.waitForStatus(osid, ({ phase }) => phase === 'ready');
    await untilSolved();
    await harness.removeUntilGone(osid);
  });
});

describe('an agent that may not list a kind', () => {
  it('is not ready and reports verb, kind and message of the API server to the plane, until it may', async () => {
    const restore = await withdraw('persistentvolumeclaims', 'list', 'watch');
    const harness = await AgentHarness.start(access);
    try {
      const agent = harness.startAgent();
      const report = () => agentReadiness(agent).report();
      const words = 'cannot list resource \\"persistentvolumeclaims\\"';
      const heartbeats = () => JSON.stringify(harness.reportsOf('ClusterAgentHeartbeatToServer').at(-1)?.body);
      await harness.until(() => heartbeats()?.includes(words), 'a heartbeat with the problem');
      const body = JSON.parse(heartbeats()) as { problems: object[] };
      expect(body.problems).toMatchObject([
        {
          verb: 'list',
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          message: expect.stringContaining('Apply the manifests'),
        },
      ]);
      const { ok, missing, why } = await report();
      expect({ ok, missing }).toEqual({ ok: false, missing: ['rights'] });
      expect(why?.['rights']).toMatch(
        /may not list PersistentVolumeClaim: .*cannot list resource "persistentvolumeclaims"/,
      );
      await restore();
      await harness.until(() => heartbeats() === '{}', 'a heartbeat without problems');
      // On a busy machine, the lease may be renewed late meanwhile.
      const isReady = async () => (await report()).ok;
      await waitUntil(isReady, { because: () => 'the agent is not ready' });
    } finally {
      await restore();
      await harness.stop();
    }
  });
});
