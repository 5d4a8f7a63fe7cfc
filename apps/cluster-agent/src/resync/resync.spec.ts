import { describe, expect, it } from '@jest/globals';
import { bucketHashes, differingBuckets, type BodyOf, type RESYNC, rootOf } from '@runos/agent-protocol';
import { type BundleRecord, unborn } from '../bundles/bundle-record.js';
import { Registry } from '../instances/registry.js';
import { resync } from './resync.js';

const digest = (n: number) => n.toString(16).padStart(64, '0');
const record = (osid: string, revision: number): BundleRecord => ({
  ...unborn(osid),
  revision,
  digest: digest(revision),
});

function stored(...all: [osid: string, revision: number][]): Registry {
  const registry = new Registry();
  for (const [osid, revision] of all) registry.add(record(osid, revision));
  return registry;
}

/** A plane that wants these, and what it was asked. */
function plane(wanted: Registry) {
  const asked: BodyOf<typeof RESYNC>[] = [];
  const entries = wanted.entries();
  const known = new Set<string>(entries.map(({ osid }) => osid));
  return {
    asked,
    post: () => undefined,
    resync: async (question: BodyOf<typeof RESYNC>) => {
      asked.push(question);
      if (question.step === 'root') return { equal: question.root === rootOf(entries) };
      if (question.step === 'buckets') return { differing: differingBuckets(question.buckets, bucketHashes(entries)) };
      return {
        unknown: question.entries.map(({ osid }) => osid).filter((osid) => !known.has(osid)),
      };
    },
  };
}

describe('a comparison with the plane', () => {
  it('is one question when both store the same', async () => {
    const uplink = plane(stored(['valkey-aaaaa', 1], ['valkey-bbbbb', 2]));
    await resync(stored(['valkey-bbbbb', 2], ['valkey-aaaaa', 1]), uplink, () => undefined);
    expect(uplink.asked.map(({ step }) => step)).toEqual(['root']);
  });

  it('sends only the buckets that differ, and marks what the plane does not know', async () => {
    const here = stored(['valkey-aaaaa', 1], ['valkey-bbbbb', 2], ['valkey-ccccc', 3]);
    const uplink = plane(stored(['valkey-aaaaa', 1], ['valkey-bbbbb', 9]));
    const changed: string[] = [];
    await resync(here, uplink, ({ osid }) => changed.push(osid));
    const lists = uplink.asked.flatMap((question) => (question.step === 'list' ? question.entries : []));
    expect(lists.map(({ osid }) => osid).sort()).toEqual(['valkey-bbbbb', 'valkey-ccccc']);
    expect(changed).toEqual(['valkey-ccccc']);
    expect(here.get('valkey-ccccc')?.orphaned).toBe(true);
  });

  it('takes the mark away once the plane knows the instance again', async () => {
    const here = stored(['valkey-aaaaa', 1], ['valkey-bbbbb', 1]);
    for (const instance of here.all()) instance.orphaned = true;
    await resync(here, plane(stored(['valkey-aaaaa', 1], ['valkey-bbbbb', 2])), () => undefined);
    expect([...here.all()].map(({ orphaned }) => orphaned)).toEqual([false, false]);
  });
});
