import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { lock } from 'proper-lockfile';
import { isRunning, ownIdentity, type ProcessIdentity, stopProcess, writeFileAtomic } from '@runos/testing-process';
import { ClusterNetwork, isInUse, maxClusters, removeNetwork } from './cluster-network.js';
import { removeLeftCgroups } from './node-cgroups.js';
import { ReservedIndexes } from './reserved-indexes.js';

/** What one cluster occupies on this machine: written before it is created, so that a later program can remove it. */
export interface MachineRecord {
  readonly index: number;
  readonly supervisor: ProcessIdentity;
  readonly dataDir: string;
  readonly nodes: number;
  readonly cgroups: readonly string[];
  /** The outermost process of each node: every other one ends with it. */
  readonly inits: readonly ProcessIdentity[];
}

/** Gone with the machine's memory at a restart, as everything that the records name. */
const recordFolder = '/run/runos-nodes';

/** Kept over a restart of the machine, unlike the records. */
const reserved = new ReservedIndexes('/var/lib/runos-nodes/indexes.json');

const fileOf = (index: number): string => join(recordFolder, `${index}.json`);

export interface ClaimOptions {
  readonly persistent: boolean;
  /** The index of an earlier run on the same data, whose addresses are stored in the cluster. */
  readonly preferred?: number;
  /** Receives one line for each killed cluster whose remains cannot be removed. */
  readonly onProblem?: (line: string) => void;
}

/**
 * Takes a free index for a cluster and records it. Removes first what killed programs left behind. Indexes that stopped
 * persistent clusters have reserved are taken only when no other is free. The data folder exists.
 * @throws Error when the preferred index, or every index, is in use
 */
export function claimIndex(
  claim: Omit<MachineRecord, 'index' | 'supervisor' | 'inits'>,
  cgroupsOf: (index: number) => readonly string[],
  { persistent, preferred, onProblem }: ClaimOptions,
): Promise<MachineRecord> {
  return withRecords(async () => {
    await removeAbandoned(onProblem);
    const all = Array.from({ length: maxClusters }, (_, index) => index);
    const ofOthers = reserved.ofOthers(claim.dataDir);
    const byUse = [...all.filter((index) => !ofOthers.has(index)), ...ofOthers];
    const candidates = preferred === undefined ? byUse : [preferred];
    for (const index of candidates) {
      if (existsSync(fileOf(index)) || (await isInUse(new ClusterNetwork(index)))) continue;
      const record = { ...claim, index, supervisor: ownIdentity(), inits: [], cgroups: cgroupsOf(index) };
      if (persistent) reserved.reserve(index, claim.dataDir);
      writeRecord(record);
      return record;
    }
    throw new Error(
      preferred === undefined
        ? `All ${maxClusters} address ranges for clusters of real nodes are in use on this machine.`
        : `The addresses of this cluster (index ${preferred}) are in use by ${userOf(preferred)}.`,
    );
  });
}

function userOf(index: number): string {
  const record = readRecord(index);
  return record ? `the cluster in ${record.dataDir} (process ${record.supervisor.pid})` : 'another program';
}

/** Replaces the record of a cluster, which this process owns. */
export function writeRecord(record: MachineRecord): void {
  mkdirSync(recordFolder, { recursive: true, mode: 0o700 });
  writeFileAtomic(fileOf(record.index), JSON.stringify(record, null, 2));
}

/** Removes what a cluster occupies. Another cluster may have taken its index since an earlier call: that one stays. */
export const releaseRecord = (record: MachineRecord): Promise<void> =>
  withRecords(async () => {
    const stored = readRecord(record.index);
    const isOurs = stored?.dataDir === record.dataDir && stored.supervisor.startedAt === record.supervisor.startedAt;
    if (isOurs && stored.supervisor.pid === record.supervisor.pid) await removeRecorded(stored);
  });

/** Removes everything that a record names, then the record. */
async function removeRecorded(record: MachineRecord): Promise<void> {
  await Promise.all(record.inits.map((init) => stopProcess(init, { signal: 'SIGKILL' })));
  await removeNetwork(new ClusterNetwork(record.index), record.nodes);
  await removeLeftCgroups(record.cgroups);
  rmSync(fileOf(record.index), { force: true });
}

/** Removes what clusters left whose supervisor does not run any more. */
export const cleanMachine = (onProblem?: (line: string) => void): Promise<void> =>
  withRecords(() => removeAbandoned(onProblem));

async function removeAbandoned(onProblem?: (line: string) => void): Promise<void> {
  const indexes = readdirSync(recordFolder).flatMap((name) => /^(\d+)\.json$/.exec(name)?.[1] ?? []);
  const records = indexes.flatMap((index) => readRecord(Number(index)) ?? []);
  const abandoned = records.filter(({ supervisor }) => !isRunning(supervisor));
  await removeEach(abandoned, removeRecorded, onProblem);
}

/** Remains that cannot be removed keep their record and their index, and affect no other cluster. */
export async function removeEach(
  records: readonly MachineRecord[],
  remove: (record: MachineRecord) => Promise<void>,
  onProblem?: (line: string) => void,
): Promise<void> {
  for (const record of records) {
    await remove(record).catch(({ message }: Error) => {
      onProblem?.(`The remains of the cluster in ${record.dataDir} cannot be removed: ${message}`);
    });
  }
}

const readRecord = (index: number): MachineRecord | undefined =>
  existsSync(fileOf(index)) ? (JSON.parse(readFileSync(fileOf(index), 'utf8')) as MachineRecord) : undefined;

async function withRecords<T>(work: () => Promise<T>): Promise<T> {
  mkdirSync(recordFolder, { recursive: true, mode: 0o700 });
  const release = await lock(recordFolder, { retries: { retries: 300, factor: 1, minTimeout: 100 }, stale: 15_000 });
  try {
    return await work();
  } finally {
    await release();
  }
}
