import { describe, expect, it } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import { mapAt } from '@runos/kube-objects';
import { type Harness, useHarness } from './harness.js';

const image = 'ghcr.io/acme/shop:1.4';
const whole = {
  image,
  readOnlyRootFilesystem: true,
  servicePortMappings: [
    { port: 8080, standardHttps: true },
    { port: 9000, standardHttps: false },
  ],
  healthCheck: 'standard',
  healthCheckPath: '/up',
  deploymentStrategy: 'zero-downtime',
  nodeAffinityTags: ['zone:a', 'gpu'],
  sourceDir: '..',
  buildArgs: { MODE: 'fast', NOTE: 'ü\r\n' },
};

describe('an app', () => {
  let harness: Harness;
  useHarness(async (started) => {
    harness = started;
    await harness.agent.registerNode('m1');
    const [node] = (await harness.request(reconciler.listNodes, { cid: harness.cid })).nodes;
    await harness.request(reconciler.updateNode, {
      cid: harness.cid,
      nid: node?.nid ?? '',
      tags: whole.nodeAffinityTags,
    });
  });

  const create = (fields: Record<string, unknown> = { image }) => harness.create('app', fields);
  const objectsOf = (osid: string) => harness.agent.bundleOf(osid).objects;
  const ended = async (answer: object) => {
    if (!('jobId' in answer)) throw new Error(`no job: ${JSON.stringify(answer)}`);
    return (await harness.jobs.ended(String(answer.jobId))).job;
  };
  const show = ({ id }: { id: string }) => harness.request(reconciler.showApp, { cid: harness.cid, id });

  it('is created, delivered and shown as it was given', async () => {
    const one = await create({ name: 'shop', deployType: 'image', clusterDomainId: '', ...whole });
    expect(one.osid).toBe(`app-${one.id}`);
    const shown = await show(one);
    expect(shown).toMatchObject({
      kind: 'app',
      type: 'app',
      name: 'shop',
      status: 'healthy',
      resourceRequirementClassId: 'app.sl1.beff',
      deployType: 'image',
      ...whole,
      servicePortMappings: whole.servicePortMappings.map((mapping) => ({ ...mapping, domains: [] })),
      hosts: ['', '-8080', '-9000'].map((port) => `${one.osid}${port}.abc.aaaaa.example.com`),
    });
    for (const name of ['clusterDomainId', 'healthCheckPort', 'metricsPort', 'metricsPath', 'version', 'storageMb']) {
      expect(shown).not.toHaveProperty(name);
    }
    const deployment = objectsOf(one.osid).find(({ kind }) => kind === 'Deployment');
    expect(mapAt(deployment ?? {}, 'spec')).toMatchObject({ replicas: 1 });
    const { apps } = await harness.request(reconciler.listApps, { cid: harness.cid, limit: 10 });
    expect(apps).toContainEqual(expect.objectContaining({ osid: one.osid, name: 'shop', port: 8080 }));
    const { services } = await harness.request(reconciler.listInstances, { cid: harness.cid, limit: 100 });
    expect(services.filter(({ osid }) => osid === one.osid)).toEqual([]);
  });

  it('loses the fields that a whole update does not name, and keeps them in a merge', async () => {
    const one = await create(whole);
    const fields = { image: 'ghcr.io/acme/shop:1.5' };
    await ended(await harness.request(reconciler.updateInstance, { ...one, fields }));
    expect(await show(one)).toMatchObject({ ...fields, healthCheck: 'standard', nodeAffinityTags: ['zone:a', 'gpu'] });
    await ended(await harness.request(reconciler.updateInstance, { ...one, fields: {}, clearsAbsent: true }));
    const shown = await show(one);
    expect(shown).toMatchObject({
      ...fields,
      readOnlyRootFilesystem: true,
      servicePortMappings: [{ port: 8080 }, { port: 9000 }],
      buildArgs: whole.buildArgs,
    });
    for (const name of ['healthCheck', 'healthCheckPath', 'deploymentStrategy', 'nodeAffinityTags']) {
      expect(shown).not.toHaveProperty(name);
    }
  });

  it('goes back without its name and its sources, which the answer names', async () => {
    const one = await create({ ...whole, name: 'before' });
    const fields = { name: 'after', image: 'ghcr.io/acme/shop:1.5', sourceDir: 'shop' };
    await ended(await harness.request(reconciler.updateInstance, { ...one, fields }));
    const answer = await harness.request(reconciler.rollBackInstance, { ...one, revision: 1 });
    expect(answer).toMatchObject({ kept: ['name', 'sourceDir', 'dockerfile', 'configPath', 'buildArgs'] });
    await ended(answer);
    expect(await show(one)).toMatchObject({ image, name: 'after', sourceDir: 'shop' });
  });

  it('has jobs of its own types, and is not found when it is gone', async () => {
    const one = await create();
    const { jobId } = await harness.request(reconciler.restartInstance, one);
    expect((await harness.jobs.ended(jobId)).job).toMatchObject({ type: 'app.restart', status: 'completed' });
    const removed = await harness.request(reconciler.deleteInstance, one);
    expect((await harness.jobs.ended(removed.jobId)).job).toMatchObject({ type: 'app.delete', status: 'completed' });
    await expect(show(one)).rejects.toMatchObject({ code: 'app.not_found' });
  });
});
