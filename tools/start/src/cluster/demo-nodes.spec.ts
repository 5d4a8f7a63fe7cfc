import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type MachineProbe, type NodesKind, withoutPackages } from '@runos/testing-kube';
import { DataFolder } from '../data/data-folder.js';
import { parseOptions, type StartOptions } from '../options.js';
import { Terminal } from '../terminal.js';
import { chooseNodes, requireRealNodes, withImages } from './demo-nodes.js';

const possible: MachineProbe = { possible: true };
const refused: MachineProbe = { possible: false, reason: 'real nodes need root' };
const packages = withoutPackages(['nftables', 'mmdebstrap']);

describe('real nodes of a demo cluster', () => {
  it.each<[string, MachineProbe, MachineProbe, MachineProbe]>([
    ['possible with nodes and images', possible, possible, possible],
    ['impossible for one reason', refused, possible, refused],
    ['impossible without images', possible, refused, refused],
    ['impossible in spite of packages, if images are', packages, refused, refused],
    ['possible with the packages of both', withoutPackages(['nftables']), withoutPackages(['mmdebstrap']), packages],
  ])('are %s', async (_, nodes, images, expected) => {
    expect(await withImages(nodes, () => Promise.resolve(images))).toEqual(expected);
  });
});

describe('the kind of the nodes', () => {
  let path: string;
  let printed: string[];
  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'runos-nodes-'));
    printed = [];
  });
  afterEach(() => rmSync(path, { recursive: true, force: true }));

  class Recorder extends Terminal {
    override print(text: string): void {
      printed.push(text);
    }
  }

  const choose = async (probe: MachineProbe, nodes: StartOptions['nodes'] = 'auto'): Promise<NodesKind> => {
    const options = { ...parseOptions([]), nodes };
    const context = { options, folder: new DataFolder(path), terminal: new Recorder() };
    const kind = await chooseNodes(context, () => Promise.resolve(probe));
    await new Promise((resolve) => setImmediate(resolve)); // what it prints later
    return kind;
  };
  const previous = (kind: NodesKind): void => writeFileSync(join(path, 'nodes.json'), JSON.stringify(kind));

  it('is real where that is possible, and is kept', async () => {
    expect(await choose(possible)).toBe('real');
    expect(readFileSync(join(path, 'nodes.json'), 'utf8')).toBe('"real"');
    expect(printed).toEqual([]);
  });

  it('is simulated elsewhere, and each start prints why', async () => {
    const sentence = "The demo cluster's nodes are simulated: real nodes need root.";
    expect([await choose(refused), await choose(refused)]).toEqual(['simulated', 'simulated']);
    expect(printed).toEqual([sentence, sentence]);
  });

  it('stays simulated after the packages were installed, and a line names the way to real ones', async () => {
    await choose(packages);
    await choose(packages);
    expect(await choose(possible)).toBe('simulated');
    expect(printed).toEqual([
      "The demo cluster's nodes are simulated: packages are missing: apt-get install nftables mmdebstrap.",
      "The demo cluster's nodes are simulated: packages are missing: apt-get install nftables mmdebstrap; then npm run reset, or another --data folder.",
      "The demo cluster's nodes are simulated. Real ones are possible here: npm run reset, or another --data folder.",
    ]);
  });

  it('stays real where real nodes fail: the plane starts, and the cluster names the reason', async () => {
    previous('real');
    expect(await choose(refused)).toBe('real');
    await expect(requireRealNodes(path, () => Promise.resolve(refused))).rejects.toThrow(
      'Real nodes are not possible: real nodes need root',
    );
  });

  it('is refused where the requested one is impossible, or another one than before', async () => {
    await expect(choose(refused, 'real')).rejects.toThrow('Real nodes are not possible: real nodes need root');
    previous('simulated');
    await expect(choose(possible, 'real')).rejects.toThrow('has simulated nodes: npm run reset');
  });

  it('is simulated on request, without a line', async () => {
    expect(await choose(possible, 'simulated')).toBe('simulated');
    expect(printed).toEqual([]);
  });
});
