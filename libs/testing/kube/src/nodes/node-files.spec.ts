import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { ClusterNetwork } from './cluster-network.js';
import { writeNodeFiles } from './node-files.js';

let parent: string;
beforeEach(() => void (parent = mkdtempSync(join(tmpdir(), 'runos-node-files-'))));
afterEach(() => rmSync(parent, { recursive: true, force: true }));

it('the configuration of containerd holds any path', () => {
  const folder = join(parent, 'a "node" \\ of $HOME');
  const certificate = { certificate: join(parent, 'node.crt'), key: join(parent, 'node.key') };
  const { containerd } = writeNodeFiles({
    name: 'node-1',
    number: 1,
    folder,
    network: new ClusterNetwork(0),
    programs: { folder: parent, program: (name) => join(folder, name) },
    caFile: join(parent, 'ca.crt'),
    serving: certificate,
    hostNames: [],
    proxyKubeconfig: join(parent, 'proxy.kubeconfig'),
    podLimit: 10,
  });
  const toml = readFileSync(containerd, 'utf8');
  const escaped = `${parent}/a \\"node\\" \\\\ of $HOME`;
  expect(toml).toContain(`\nroot = "${escaped}/containerd"\n`);
  expect(toml).toContain(`\n  path = "${escaped}/opt"\n`);
  expect(toml).toContain(` BinaryName = "${escaped}/runc"\n`);
});
