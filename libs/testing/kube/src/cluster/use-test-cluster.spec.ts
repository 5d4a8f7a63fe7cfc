import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type TestCluster, useTestCluster } from './use-test-cluster.js';

const run = promisify(execFile);
const version = async ({ kubectl, kubeconfig }: TestCluster): Promise<string> =>
  (await run(kubectl, ['--kubeconfig', kubeconfig, 'version', '--request-timeout=5s'])).stdout;

describe('useTestCluster', () => {
  const before = process.env.RUNOS_TEST_KUBECONFIG;
  afterEach(() => {
    if (before === undefined) delete process.env.RUNOS_TEST_KUBECONFIG;
    else process.env.RUNOS_TEST_KUBECONFIG = before;
  });

  it('starts a cluster, shares it by a variable, and stops it with its owner only', async () => {
    delete process.env.RUNOS_TEST_KUBECONFIG;
    const own = await useTestCluster();
    expect(await version(own)).toContain('Server Version: v1.36.3');
    process.env.RUNOS_TEST_KUBECONFIG = own.kubeconfig;
    const shared = await useTestCluster();
    expect([shared.server, shared.token]).toEqual([own.server, own.token]);
    await shared.stop();
    await version(own);
    const port = new URL(own.server).port;
    await own.stop();
    await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toThrow();
  }, 900_000);
});
