import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Resolver } from 'node:dns/promises';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitUntil } from '@runos/testing-process';
import { apply, kubeRequest } from '../cluster/kube-request.js';
import { machineTraces, noTraces } from './machine-traces.js';
import { onRealNodes, onVolumeLimits } from './on-real-nodes.js';
import { probeVolumeLimits } from './probe-real-nodes.js';
import { runCommand } from './run-command.js';
import { type RealCluster, startRealCluster } from './start-real-cluster.js';
import { shellImage } from './system-images.js';

/** The first run on a machine builds programs. */
const buildTimeoutMs = 1_800_000;

const volumeLimits = probeVolumeLimits();
onRealNodes(describe)('a cluster of real nodes', () => {
  let dataDir: string;
  let cluster: RealCluster;
  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'runos-nodes-'));
    cluster = await startRealCluster({ dataDir });
  }, buildTimeoutMs);
  afterAll(async () => {
    await cluster?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });
  const kubectl = (...args: string[]): Promise<string> =>
    runCommand(cluster.kubectl, ['--kubeconfig', cluster.kubeconfig, ...args]);
  const running = (name: string): Promise<unknown> =>
    kubectl('wait', '--for=condition=Ready', `pod/${name}`, '--timeout=60s');

  it('runs a web server that pods of another node reach, by the name that DNS gives its service', async () => {
    await applyPod(cluster, 'web', {
      nodeName: 'node-1',
      containers: [shell(['sh', '-c', 'echo hello > /tmp/index.html; echo started; exec httpd -f -p 8080 -h /tmp'])],
    });
    await apply(cluster, '/api/v1/namespaces/default/services/web', JSON.stringify(service));
    await applyPod(cluster, 'client', { nodeName: 'node-2', containers: [shell(['sleep', '3600'])] });
    await Promise.all([running('web'), running('client')]);
    const resolver = new Resolver({ timeout: 2_000 });
    resolver.setServers([cluster.dnsAddress]);
    const [address] = await resolver.resolve4('web.default.svc.cluster.local');
    const fetched = (): Promise<string> => kubectl('exec', 'client', '--', 'wget', '-qO-', `http://${address}:80/`);
    expect(await fetched()).toBe('hello\n');
    expect(await kubectl('logs', 'web')).toBe('started\n');
  });

  it('reports in the words of the runtime that an image is missing', async () => {
    await applyPod(cluster, 'missing', { containers: [{ name: 'main', image: 'runos.invalid/none:1' }] });
    const path = 'jsonpath={.status.containerStatuses[0].state.waiting}';
    const waiting = async (): Promise<Waiting> =>
      JSON.parse((await kubectl('get', 'pod', 'missing', '-o', path)) || '{}') as Waiting;
    await waitUntil(async () => /ErrImagePull|ImagePullBackOff/.test((await waiting()).reason ?? ''), {
      everyMs: 200,
      because: () => 'the pod does not report its image',
    });
    expect((await waiting()).message).toContain('runos.invalid/none:1');
  });

  it('gives a claim to a program that is not root, and removes its volume with the claim', async () => {
    await applyClaim(cluster, 'data');
    await applyPod(cluster, 'writer', withClaim('data', 'id -u > /data/file; exec sleep 3600'));
    await running('writer');
    expect(await kubectl('exec', 'writer', '--', 'cat', '/data/file')).toBe('26\n');
    await kubectl('delete', 'pod', 'writer', '--grace-period=0', '--force');
    await kubectl('delete', 'pvc', 'data', '--timeout=60s');
    await waitUntil(async () => (await kubectl('get', 'pv', '-o', 'name')) === '', {
      everyMs: 200,
      because: () => 'the volume is still there',
    });
  });

  onVolumeLimits(it)('has a volume that is full at its size, and is kept when its node loses power', async () => {
    await applyClaim(cluster, 'kept');
    const pod = withClaim('kept', 'echo kept >> /data/file; exec sleep 3600');
    await applyPod(cluster, 'filler', { nodeSelector: { 'kubernetes.io/hostname': 'node-2' }, ...pod });
    await running('filler');
    const fill = kubectl('exec', 'filler', '--', 'sh', '-c', 'cat /dev/zero > /data/fill');
    await expect(fill).rejects.toThrow('No space left on device');
    await cluster.components.get('node-2')?.stop();
    await cluster.components.get('node-2')?.start();
    await waitUntil(
      async () => {
        const read = kubectl('exec', 'filler', '--', 'cat', '/data/file').catch(() => '');
        return (await read) === 'kept\nkept\n'; // the pod was started again, and could still append some bytes
      },
      { everyMs: 500, because: () => 'the pod does not show the file of its earlier run' },
    );
    // It would wait 3 s for the containers of each pod before the power cut, until it starts the first pod.
    const kubelet = readFileSync(join(dataDir, 'logs', 'node-2-kubelet.log'), 'utf8');
    expect(kubelet.split('\n').filter((line) => line.includes('Failed to create existing container'))).toEqual([]);
  });

  it('has folders of its own where the kubelet and the CNI plugins write', async () => {
    const [node] = cluster.nodes;
    const files = async (folder: string): Promise<string> =>
      (await node?.exec('find', [folder, '!', '-type', 'd'])) ?? '';
    expect(await files('/var/lib/kubelet')).toBe('/var/lib/kubelet/device-plugins/kubelet.sock\n');
    expect(await files('/var/log/containers')).toContain('/web_default_');
    expect(await files('/var/lib/cni/results')).not.toBe('');
    expect((await machineTraces(cluster.index, dataDir)).files).toEqual([]);
  });

  it('refuses a request to a kubelet without a certificate', async () => {
    const address = cluster.nodes[0]?.address;
    const status = await new Promise((resolve, reject) => {
      const sent = request(`https://${address}:10250/pods`, { ca: cluster.ca }, (reply) =>
        resolve(reply.resume().statusCode),
      );
      sent.once('error', reject).end();
    });
    expect(status).toBe(401);
  });

  it('loses a node that is killed, while the other cluster of this machine is not affected', async () => {
    const otherDir = mkdtempSync(join(tmpdir(), 'runos-nodes-'));
    const other = await startRealCluster({ dataDir: otherDir, nodes: 1 });
    try {
      expect(other.hostAddress).not.toBe(cluster.hostAddress);
      const [, node] = cluster.nodes;
      await cluster.components.get('node-2')?.stop();
      await expect(node?.exec('true', [])).rejects.toThrow();
      expect((await kubeRequest(other, '/api/v1/nodes/node-1')).status).toBe(200);
      await cluster.components.get('node-2')?.start();
      expect(await node?.exec('hostname', [])).toBe('node-2\n');
    } finally {
      await other.stop();
      rmSync(otherDir, { recursive: true, force: true });
    }
  });

  it('leaves nothing behind; what it left when its supervisor was killed, the start of another one removes', async () => {
    const traces = (): ReturnType<typeof machineTraces> => machineTraces(cluster.index, dataDir);
    expect(Object.values(await traces()).filter((found) => found.length > 0)).toHaveLength(
      volumeLimits.possible ? 5 : 4,
    );
    await cluster.stop();
    expect(await traces()).toEqual(noTraces);
    const program = `
      import { startRealCluster } from ${JSON.stringify(join(import.meta.dirname, '../../dist/index.js'))};
      await startRealCluster({ dataDir: ${JSON.stringify(dataDir)} });
      console.log('started');
      setInterval(() => undefined, 1000);`;
    const supervisor = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(supervisor.stdout, 'data');
    supervisor.kill('SIGKILL');
    await once(supervisor, 'exit');
    expect((await traces()).links).not.toEqual([]);
    const otherDir = mkdtempSync(join(tmpdir(), 'runos-nodes-'));
    const other = await startRealCluster({ dataDir: otherDir, nodes: 1 });
    await other.stop(); // it may have had the same index
    rmSync(otherDir, { recursive: true, force: true });
    expect(await traces()).toEqual(noTraces);
    cluster = await startRealCluster({ dataDir });
    expect((await kubeRequest(cluster, '/api/v1/namespaces/default/services/web')).status).toBe(200);
    await cluster.stop();
    expect(await traces()).toEqual(noTraces);
  });
});

interface Waiting {
  readonly reason?: string;
  readonly message?: string;
}

const shell = (command: readonly string[]) => ({ name: 'main', image: shellImage, imagePullPolicy: 'Never', command });

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web' },
  spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
};

const applyPod = (cluster: RealCluster, name: string, spec: object): Promise<string> =>
  apply(
    cluster,
    `/api/v1/namespaces/default/pods/${name}`,
    JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name, labels: { app: name } }, spec }),
  );

const applyClaim = (cluster: RealCluster, name: string): Promise<string> =>
  apply(
    cluster,
    `/api/v1/namespaces/default/persistentvolumeclaims/${name}`,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '10Mi' } } },
    }),
  );

/** A pod that is not root, with a claim on `/data`. */
const withClaim = (claimName: string, command: string): object => ({
  securityContext: { runAsUser: 26, runAsNonRoot: true },
  containers: [{ ...shell(['sh', '-c', command]), volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
  volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }],
});
