import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ClusterNetwork, createBridge } from './cluster-network.js';
import { claimIndex, type MachineRecord, releaseRecord, removeEach } from './machine-records.js';
import { onRealNodes } from './on-real-nodes.js';

const record = (index: number): MachineRecord => ({
  index,
  supervisor: { pid: 1, startedAt: '1' },
  dataDir: `/data/${index}`,
  nodes: 1,
  cgroups: [],
  inits: [],
});

it('remains that cannot be removed are reported, and the others are removed', async () => {
  const removed: number[] = [];
  const lines: string[] = [];
  const remove = async ({ index }: MachineRecord): Promise<void> => {
    if (index === 1) throw new Error('Processes remain in /sys/fs/cgroup/pids/runos1-node-1');
    removed.push(index);
  };
  await removeEach([0, 1, 2].map(record), remove, (line) => void lines.push(line));
  expect(removed).toEqual([0, 2]);
  expect(lines).toEqual([
    'The remains of the cluster in /data/1 cannot be removed: Processes remain in /sys/fs/cgroup/pids/runos1-node-1',
  ]);
});

onRealNodes(describe)('the index of a cluster', () => {
  const claim = (dataDir: string, preferred?: number, persistent = false): Promise<MachineRecord> =>
    claimIndex({ dataDir, nodes: 0, cgroups: [] }, () => [], { persistent, preferred });

  it('is released once: the next cluster with it keeps its network', async () => {
    const first = await claim('/data/first');
    await releaseRecord(first);
    const second = await claim('/data/second', first.index);
    const network = new ClusterNetwork(second.index);
    const bridge = `/sys/class/net/${network.bridge}`;
    try {
      await createBridge(network);
      await releaseRecord(first);
      expect(existsSync(bridge)).toBe(true);
      await expect(claim('/data/third', second.index)).rejects.toThrow('in use by the cluster in /data/second');
    } finally {
      await releaseRecord(second);
    }
    expect(existsSync(bridge)).toBe(false);
  });

  it('is kept for a persistent cluster that is stopped: others take another one', async () => {
    const data = mkdtempSync(join(tmpdir(), 'runos-index-'));
    const first = await claim(data, undefined, true);
    await releaseRecord(first);
    const running = [await claim('/data/other', undefined, true), await claim('/data/temporary')];
    try {
      expect(running.map(({ index }) => index)).not.toContain(first.index);
      running.push(await claim(data, first.index, true));
    } finally {
      for (const record of running) await releaseRecord(record);
      rmSync(data, { recursive: true });
    }
  });
});
