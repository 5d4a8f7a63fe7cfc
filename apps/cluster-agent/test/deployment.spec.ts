import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import type { KubeClient } from '@runos/kube-client';
import { type KubeObject, mapAt } from '@runos/kube-objects';
import { parseManifest } from '@runos/kube-objects/manifest';
import { type AgentAccess, useAccess } from './agent-access.js';

const manifest = join(import.meta.dirname, '../../../deploy/cluster-agent/deployment.yaml');

let access: AgentAccess;
useAccess((started) => (access = started));

/** Applies the shipped Deployment with this image, as a dry run. */
function applyWithImage(admin: KubeClient, image: string): Promise<KubeObject> {
  const [, deployment] = parseManifest(readFileSync(manifest, 'utf8').replace("image: ''", `image: '${image}'`));
  if (deployment === undefined) throw new Error('there is no Deployment');
  const metadata = { ...deployment.metadata, namespace: access.namespace };
  return admin.apply({ ...deployment, metadata }, { dryRun: true });
}

it('the shipped Deployment names no image that another person could publish: its user must fill it in', async () => {
  await expect(applyWithImage(access.admin, '')).rejects.toThrow(/image.*Required value/);
  await applyWithImage(access.admin, `registry.example.com/cluster-agent@sha256:${'a'.repeat(64)}`);
});

it('a rolling update keeps the active agent until the new one is ready as a standby', async () => {
  const applied = await applyWithImage(access.admin, `registry.example.com/cluster-agent@sha256:${'a'.repeat(64)}`);
  expect(mapAt(applied, 'spec')).toMatchObject({
    replicas: 1,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
  });
});
