import { execFileSync, spawn } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { unpackArchive, wherePossible } from '@runos/testing-kube';
import { waitUntil } from '@runos/testing-process';
import { latestRenderer, renderInstance, serviceType } from '@runos/service-types';
import { clusterAgentImage } from './agent/cluster-agent-image.js';
import { probeImages } from './probe-images.js';
import { serviceImages } from './recipes/service-images.js';
import {
  testWebFilePath,
  testWebHealthPath,
  testWebImage,
  testWebPort,
  testWebVariablePath,
} from './recipes/test-web-image.js';

const probe = probeImages();
const minutes = 20 * 60_000;

/** A container of plain namespaces: read-only root, volumes, one user without rights. The arguments: root, uid, command. */
const container = `set -e
root=$1; uid=$2; shift 2
ip link set lo up
mount --make-rprivate / && mount --rbind "$root" "$root" && mkdir -p "$root/proc" "$root/dev"
mount -t proc proc "$root/proc" && mount --rbind /dev "$root/dev"
for volume in $VOLUMES; do
  mkdir -p "$root\${volume#*:}" && mount --bind "\${volume%%:*}" "$root\${volume#*:}"
done
mount -o remount,bind,ro "$root"
exec env -i $VARIABLES "$(command -v chroot)" --userspec="$uid:$uid" --groups= "$root" "$@"
`;

const tests = (): void => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'runos-made-image-'));
    execFileSync('chmod', ['755', folder]);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function run(root: string, uid: number, command: readonly string[], env: Record<string, readonly string[]> = {}) {
    const namespaces = ['--mount', '--net', '--pid', '--ipc', '--fork', '--kill-child=SIGKILL'];
    const variables = Object.fromEntries(Object.entries(env).map(([name, values]) => [name, values.join(' ')]));
    const child = spawn('unshare', [...namespaces, 'sh', '-c', container, 'sh', root, String(uid), ...command], {
      env: { PATH: process.env.PATH, VOLUMES: '', VARIABLES: '', ...variables },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true, // a process group: the kernel forgets --kill-child when the container changes its user
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += String(text)));
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    return { ended, output: () => output, kill: () => process.kill(-(child.pid ?? 0), 'SIGKILL') };
  }

  it(
    'of Valkey runs the rendered command with the rendered files on a read-only root',
    async () => {
      const image = serviceImages().find(({ type, make }) => type === 'valkey' && make);
      const { root, config } = unpackArchive((await image?.make?.({})) ?? '', folder);
      const [osid, uid] = ['valkey-x7k2p', 999];
      const type = serviceType('valkey');
      const objects = renderInstance(type, latestRenderer(type), {
        osid,
        aid: 'rjwrn',
        cid: 'ky3',
        clusterDomain: 'ky3.rjwrn.example.com',
        version: image?.version ?? '',
        replicas: 1,
        cpuRequestMc: 0,
        cpuLimitMc: 500,
        memoryRequestMb: 0,
        memoryLimitMb: 512,
        storageMb: 1024,
        storage: 'local',
        storageClasses: {},
        configValues: {},
        secrets: { password: 'p4ss' },
      });
      const find = <T>(kind: string) => objects.find((object) => object.kind === kind) as T;
      const { data: files } = find<{ readonly data: Record<string, string> }>('ConfigMap');
      type Pod = { readonly containers: [{ readonly command: string[] }]; readonly securityContext: object };
      type StatefulSet = { readonly spec: { readonly template: { readonly spec: Pod } } };
      const { containers, securityContext } = find<StatefulSet>('StatefulSet').spec.template.spec;
      expect(securityContext).toMatchObject({ runAsUser: uid });
      for (const name of ['data', 'config', 'secret']) mkdirSync(join(folder, name));
      chownSync(join(folder, 'data'), uid, uid);
      for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, 'config', name), content);
      writeFileSync(join(folder, 'secret', 'auth.conf'), 'requirepass p4ss\nmasterauth p4ss\n');
      const paths = { data: '/data', config: '/etc/valkey/config', secret: '/etc/valkey/secret' };
      const valkey = run(root, uid, containers[0].command, {
        VOLUMES: Object.entries(paths).map(([name, path]) => `${join(folder, name)}:${path}`),
        VARIABLES: [...(config.Env ?? []), `POD_NAME=${osid}-0`],
      });
      const isReady = () => valkey.output().includes('Ready to accept connections');
      await waitUntil(isReady, { because: () => valkey.output() }).finally(() => valkey.kill());
      await valkey.ended;
      expect(valkey.output()).toMatch(/Valkey version=8\.1\.[\s\S]*Ready to accept connections tcp/);
    },
    minutes,
  );

  it('of the test server serves, logs and ends as its variables demand', async () => {
    const { archive } = await testWebImage();
    const { root, config } = unpackArchive(archive, folder);
    const { Entrypoint: [serve = ''] = [], Env = [] } = config;
    const answerOf = (path: string): string => `wget -qO- 'http://127.0.0.1:${testWebPort}${path}' 2>&1`;
    const variables = ['LOG_LINES_PER_SECOND=2', 'LOG_LINE_LENGTH=3', 'HEALTH_STATUS=503', 'MODE=fast'];
    const requests = [testWebHealthPath, testWebVariablePath('MODE'), testWebFilePath('/bin/serve')].map(answerOf);
    const script = `${serve} & sleep 1.5; ${requests.join('; echo; ')}`;
    const server = run(root, 65_532, ['sh', '-c', script], { VARIABLES: [...Env, ...variables] });
    await server.ended;
    const logged = `serving on port ${testWebPort}\n1 xxx\n2 xxx\n`;
    expect(server.output()).toMatch(new RegExp(`^${logged}wget: server returned .* 503\n\nfast\n#!/bin/sh\n`));
    const ending = run(root, 65_532, [serve], { VARIABLES: [...Env, 'EXIT_CODE=3'] });
    expect([await ending.ended, ending.output()]).toEqual([3, 'ending with 3\n']);
  });

  it(
    'of the cluster agent starts, and names the settings that are missing',
    async () => {
      const { archive, reference } = await clusterAgentImage();
      expect((await clusterAgentImage()).reference).toBe(reference);
      const { root, config } = unpackArchive(archive, folder);
      const [, script = ''] = config.Entrypoint ?? [];
      const agent = run(root, 65_532, ['node', join(config.WorkingDir ?? '', script)], { VARIABLES: config.Env ?? [] });
      expect([await agent.ended, agent.output()]).toEqual([78, expect.stringMatching(/RUNOS_SERVER is not set/)]);
    },
    minutes,
  );
};

wherePossible(describe, probe)('an image that was made', tests);
