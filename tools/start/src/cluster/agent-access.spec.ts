import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type TestCluster, useTestCluster, Kubectl } from '@runos/testing-kube';
import { repository } from '../options.js';
import { grantAgentAccess } from './agent-access.js';
import { AgentManifests } from './agent-manifests.js';

describe("the cluster agent's access", () => {
  const stop = new AbortController();
  let cluster: TestCluster;
  let folder: string;
  let admin: Kubectl;
  let agent: Kubectl;
  beforeAll(async () => {
    cluster = await useTestCluster();
    folder = mkdtempSync(join(tmpdir(), 'runos-access-'));
    admin = new Kubectl(cluster.kubectl, cluster.kubeconfig);
    await new AgentManifests(admin, false).apply(repository);
    await grantAgentAccess(admin, folder, stop.signal);
    agent = new Kubectl(cluster.kubectl, await grantAgentAccess(admin, folder, stop.signal)); // the second call finds the objects of the first
  }, 900_000);
  afterAll(async () => {
    stop.abort();
    await cluster?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("is its ServiceAccount's, never the administrator's", async () => {
    const who = JSON.parse(await agent.run(['auth', 'whoami', '-o', 'json'])) as {
      status: { userInfo: { username: string } };
    };
    expect(who.status.userInfo.username).toBe('system:serviceaccount:runos:cluster-agent');
    await expect(agent.run(['get', 'storageclasses'])).rejects.toThrow(/storageclasses.* is forbidden/);
  });

  it('is limited to labelled namespaces by the shipped admission policy', async () => {
    await expect(agent.run(['create', 'configmap', 'intruder', '--namespace=kube-system'])).rejects.toThrow(
      /may only write in namespaces that carry the labels/,
    );
  });

  it('includes no Secrets of other namespaces', async () => {
    for (const where of [['--namespace=kube-system'], ['--namespace=default'], ['--all-namespaces']]) {
      await expect(agent.run(['get', 'secrets', ...where])).rejects.toThrow(/secrets is forbidden/);
    }
    await agent.run(['get', 'secrets', '--namespace=runos']);
  });

  it('includes the add-ons only by choice', async () => {
    const patchCrd = ['auth', 'can-i', 'patch', 'customresourcedefinitions/clusters.postgresql.cnpg.io'];
    await expect(agent.run(patchCrd)).rejects.toThrow();
    await new AgentManifests(admin, true).apply(repository);
    try {
      expect(await agent.run(patchCrd)).toContain('yes');
    } finally {
      await admin.run(['delete', 'clusterrolebinding', 'runos-cluster-agent-addons']);
    }
  });

  it('is stored in files that only their owner can read', () => {
    for (const name of ['kubeconfig', 'token']) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
  });
});
