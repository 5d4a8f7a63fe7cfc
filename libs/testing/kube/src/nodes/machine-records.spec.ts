import { expect, it } from '@jest/globals';
import { type MachineRecord, removeEach } from './machine-records.js';

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
