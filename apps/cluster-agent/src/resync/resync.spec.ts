import { describe, expect, it } from '@jest/globals';
import {
  type AcknowledgedStatus,
  bucketHashes,
  type BodyOf,
  differingBuckets,
  type RESYNC,
  rootOf,
  statusBuckets,
} from '@runos/agent-protocol';
import { kindCatalogs } from '../../test/harness.js';
import { type BundleRecord, emptyRecord } from '../bundles/bundle-record.js';
import { InstanceIndex } from '../instances/instance-index.js';
import { resync, resyncStatuses } from './resync.js';

const digest = (n: number) => n.toString(16).padStart(64, '0');
const record = (osid: string, revision: number): BundleRecord => ({
  ...emptyRecord(osid),
  revision,
  digest: digest(revision),
});

function stored(...all: [osid: string, revision: number][]): InstanceIndex {
  const instances = new InstanceIndex(kindCatalogs());
  for (const [osid, revision] of all) instances.add(record(osid, revision));
  return instances;
}

/** A plane with these desired bundles, and the requests that it received. */
function planeWith(desired: InstanceIndex, statuses: AcknowledgedStatus[] = []) {
  const requests: BodyOf<typeof RESYNC>[] = [];
  const entries = desired.entries();
  const known = new Set<string>(entries.map(({ osid }) => osid));
  return {
    requests,
    resync: async (request: BodyOf<typeof RESYNC>) => {
      requests.push(request);
      if (request.step === 'root') return { equal: request.root === rootOf(entries) };
      if (request.step === 'buckets') return { differing: differingBuckets(request.buckets, bucketHashes(entries)) };
      if (request.step === 'statuses') return { differing: differingBuckets(request.buckets, statusBuckets(statuses)) };
      if (request.step === 'orphans') return {};
      return {
        unknown: request.entries.map(({ osid }) => osid).filter((osid) => !known.has(osid)),
      };
    },
  };
}

describe('a resync with the plane', () => {
  it('needs one request when both store the same', async () => {
    const plane = planeWith(stored(['valkey-aaaaa', 1], ['valkey-bbbbb', 2]));
    await resync(stored(['valkey-bbbbb', 2], ['valkey-aaaaa', 1]), plane, () => undefined);
    expect(plane.requests.map(({ step }) => step)).toEqual(['root']);
  });

  it('sends only differing buckets, and marks instances that the plane does not know as orphaned', async () => {
    const local = stored(['valkey-aaaaa', 1], ['valkey-bbbbb', 2], ['valkey-ccccc', 3]);
    const plane = planeWith(stored(['valkey-aaaaa', 1], ['valkey-bbbbb', 9]));
    const changed: string[] = [];
    await resync(local, plane, ({ osid }) => changed.push(osid));
    const lists = plane.requests.flatMap((request) => (request.step === 'list' ? request.entries : []));
    expect(lists.map(({ osid }) => osid).sort()).toEqual(['valkey-bbbbb', 'valkey-ccccc']);
    expect(changed).toEqual(['valkey-ccccc']);
    expect(local.get('valkey-ccccc')?.isOrphaned).toBe(true);
  });

  it('clears the mark once the plane knows the instance again', async () => {
    const local = stored(['valkey-aaaaa', 1], ['valkey-bbbbb', 1]);
    for (const instance of local.all()) instance.recordOrphaned(true);
    await resync(local, planeWith(stored(['valkey-aaaaa', 1], ['valkey-bbbbb', 2])), () => undefined);
    expect([...local.all()].map(({ isOrphaned }) => isOrphaned)).toEqual([false, false]);
  });
});

describe('a resync of acknowledged statuses', () => {
  const drifts: [] = [];
  const acknowledged = (...all: [osid: string, statusHash: string][]) => {
    const instances = stored(...all.map(([osid]) => [osid, 1] as [string, number]));
    for (const [osid, statusHash] of all) {
      instances.get(osid)?.recordAcknowledged({ statusHash, drifts, revision: 1, phase: 'ready' });
    }
    return instances;
  };
  const reportedAgain = async (local: InstanceIndex, ...known: [osid: string, hash: string][]) => {
    const again: string[] = [];
    const plane = planeWith(
      local,
      known.map(([osid, hash]) => ({ osid, hash })),
    );
    await resyncStatuses(local, plane, ({ osid }) => again.push(osid));
    return again;
  };

  it('reports nothing again that the plane has, and nothing that was never acknowledged', async () => {
    const local = acknowledged(['valkey-aaaaa', 'a1'], ['valkey-bbbbb', 'b1']);
    local.add(record('valkey-ccccc', 1));
    expect(await reportedAgain(local, ['valkey-aaaaa', 'a1'], ['valkey-bbbbb', 'b1'])).toEqual([]);
  });

  it('reports again what a restore has replaced by an older status, or lost', async () => {
    const local = acknowledged(['valkey-aaaaa', 'a2'], ['valkey-bbbbb', 'b1'], ['valkey-ccccc', 'c1']);
    expect(await reportedAgain(local, ['valkey-aaaaa', 'a1'], ['valkey-bbbbb', 'b1'])).toEqual([
      'valkey-aaaaa',
      'valkey-ccccc',
    ]);
  });

  it('does not report orphaned instances, which the plane never records', async () => {
    const local = acknowledged(['valkey-aaaaa', 'a1']);
    local.get('valkey-aaaaa')?.recordOrphaned(true);
    expect(await reportedAgain(local)).toEqual([]);
  });
});
