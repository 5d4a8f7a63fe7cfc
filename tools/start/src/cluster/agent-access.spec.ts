import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type TestCluster, useTestCluster } from '@runos/testing-kube';
import { giveAgentAccess } from './agent-access.js';
import { Kubectl } from './kubectl.js';

describe("the cluster agent's access", () => {
  const stop = new AbortController();
  let cluster: TestCluster;
  let folder: string;
  let agent: Kubectl;
  beforeAll(async () => {
    cluster = await useTestCluster();
    folder = mkdtempSync(join(tmpdir(), 'runos-access-'));
    const admin = new Kubectl(cluster.kubectl, cluster.kubeconfig);
    await giveAgentAccess(admin, folder, stop.signal);
    agent = new Kubectl(cluster.kubectl, await giveAgentAccess(admin, folder, stop.signal)); // again: it may be there
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
    await expect(agent.run(['get', 'nodes'])).rejects.toThrow(/nodes is forbidden/);
  });

  it('ends at the door of namespaces that are not ours, as the shipped policy says', async () => {
    await expect(agent.run(['create', 'configmap', 'intruder', '--namespace=kube-system'])).rejects.toThrow(
      /may only write in namespaces that carry the labels/,
    );
  });

  it('lies in files that only their owner reads', () => {
    for (const name of ['kubeconfig', 'token']) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
  });
});
