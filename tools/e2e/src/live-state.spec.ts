import { beforeAll, describe, expect, it } from '@jest/globals';
import { kept, withoutDeletion } from './admission.js';
import { eventually } from './eventually.js';
import { valueAt } from './value-at.js';
import { connectToSharedPlane, type PlaneClient } from './plane-client.js';

let planeClient: PlaneClient;
beforeAll(async () => {
  planeClient = await connectToSharedPlane();
});

const showCluster = async () => {
  const { aid, cid } = planeClient.info;
  return (await planeClient.api.get(`/${aid}/clusters/${cid}`)).body;
};

describe('a deletion that the cluster refuses', () => {
  it('is explained by job, status, condition and event within seconds, and goes on when it is allowed', async () => {
    const instance = await planeClient.create('valkey', { name: 'kept' });
    const jobId = await withoutDeletion(planeClient, instance, async () => {
      const { body } = await planeClient.api.delete(instance.path);
      const words = new RegExp(`Cannot delete StatefulSet ${instance.osid}.*: .*${kept}`);
      const event = await planeClient.event(instance, ({ type }) => type === 'DeletionRefused');
      expect(event['message']).toMatch(words);
      const shown = await planeClient.showOnce(instance, { status: 'deleting', reason: 'DeletionRefused' });
      expect(shown).toMatchObject({ message: expect.stringMatching(words) });
      expect(shown['conditions']).toContainEqual(
        expect.objectContaining({
          type: 'Removed',
          status: 'False',
          reason: 'DeletionRefused',
          message: expect.stringMatching(words),
        }),
      );
      await planeClient.api.jobOnce(body['jobId'], { status: 'running', reason: 'DeletionRefused' });
      await eventually('the words in the log of the job', async () =>
        words.test((await planeClient.api.logs(body['jobId'])).join('\n')),
      );
      expect(await planeClient.kubectl.get('statefulset', instance.osid, instance.osid)).toBeDefined();
      return body['jobId'];
    });
    await planeClient.waitForCompletion(jobId);
    expect(await planeClient.kubectl.get('namespace', instance.osid)).toBeUndefined();
  }, 240_000);
});

describe('a right that the agent lacks', () => {
  it('is named by the cluster and by the job that needs it, which goes on when it is back', async () => {
    const role = await planeClient.kubectl.get('clusterrole', 'runos-cluster-agent');
    const rules = valueAt(role, 'rules') as { resources: string[]; verbs: string[] }[];
    const reduced = rules.map((rule) =>
      rule.resources.includes('statefulsets')
        ? { ...rule, verbs: rule.verbs.filter((verb) => verb !== 'create') }
        : rule,
    );
    const setRules = (value: object[]) =>
      planeClient.kubectl.run([
        'patch',
        'clusterrole',
        'runos-cluster-agent',
        '--type=merge',
        '-p',
        JSON.stringify({ rules: value }),
      ]);
    await setRules(reduced);
    try {
      const instance = await planeClient.request('valkey', { name: 'not-allowed' });
      const words = /cannot create resource "statefulsets" in API group "apps"/;
      const cluster = await eventually('the missing right of the agent', async () => {
        const shown = await showCluster();
        return shown['reason'] === 'AgentNotReady' ? shown : undefined;
      });
      expect(cluster).toMatchObject({ status: 'connected', message: expect.stringMatching(words) });
      expect(cluster['message']).toContain('The cluster agent may not create StatefulSet');
      const shown = await planeClient.showOnce(instance, { status: 'applying', reason: 'Forbidden' });
      expect(shown).toMatchObject({ message: expect.stringMatching(words) });
      await planeClient.api.jobOnce(instance.jobId, { status: 'running', reason: 'Forbidden' });
      await setRules(rules);
      await planeClient.waitForCompletion(instance.jobId);
      await eventually('the agent to be ready', async () => (await showCluster())['reason'] === null);
      expect((await planeClient.show(instance))['status']).toBe('healthy');
    } finally {
      await setRules(rules);
    }
  }, 240_000);
});

describe('the labels of a namespace', () => {
  it('that a person removes are named once, with what to do, and the instance is healthy when they are back', async () => {
    const instance = await planeClient.create('valkey', { name: 'unlabelled' });
    const { osid } = instance;
    const label = (...labels: string[]) => planeClient.kubectl.run(['label', 'namespace', osid, ...labels]);
    await label('runos.com/osid-', 'app.kubernetes.io/managed-by-');
    const event = await planeClient.event(instance, ({ type }) => type === 'RepairFailed');
    const remedy = `Put the labels back: kubectl label namespace ${osid} runos.com/osid=${osid} app.kubernetes.io/managed-by=runos`;
    expect(event['message']).toMatch(
      /^An unknown field manager removed metadata\.labels.* of Namespace .*; the repair failed: /,
    );
    expect(event['message']).toContain(remedy);
    const shown = await planeClient.showOnce(instance, { status: 'degraded', reason: 'LabelsRemoved' });
    expect(shown).toMatchObject({ message: expect.stringContaining(remedy) });
    const aboutNamespace = async () =>
      (await planeClient.events(instance)).filter((each) => valueAt(each, 'object', 'kind') === 'Namespace');
    expect(await aboutNamespace()).toHaveLength(1);
    await label(`runos.com/osid=${osid}`, 'app.kubernetes.io/managed-by=runos');
    await planeClient.showOnce(instance, { status: 'healthy' });
    expect(await aboutNamespace()).toHaveLength(1);
  }, 240_000);
});
