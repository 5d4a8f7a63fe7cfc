import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { propertySeed } from '@runos/testing-basics';
import fc from 'fast-check';
import { bucketHashes, bucketOf, differingBuckets, RESYNC, type ResyncEntry, resyncPages, rootOf } from './resync.js';
import { readReport, reportEnvelope } from '../envelope/codec.js';
import { envelopeBytes } from '../envelope/envelope.js';
import { maxResyncBytes } from '../wire/limits.js';

fc.configureGlobal({ seed: propertySeed() });

const hex = (text: string) => createHash('sha256').update(text).digest('hex');
const many = (count: number, type = 'postgresql') =>
  Array.from({ length: count }, (_, n): ResyncEntry => {
    const osid = `${type}-${n.toString(36).padStart(5, '0')}` as ResyncEntry['osid'];
    return { osid, revision: n + 1, digest: hex(osid) };
  });

const some = fc.array(
  fc.record({
    n: fc.nat(60_000),
    revision: fc.integer({ min: 1, max: 9 }),
    digest: fc.constantFrom(hex('a'), hex('b')),
  }),
  { maxLength: 40 },
);
const entriesOf = (drawn: { n: number; revision: number; digest: string }[]) =>
  [...new Map(drawn.map((each) => [each.n, each])).values()].map(({ n, ...rest }): ResyncEntry => {
    return { osid: `app-${n.toString(36).padStart(5, '0')}` as ResyncEntry['osid'], ...rest };
  });

describe('the root', () => {
  it('does not depend on the order, and is the xor of the buckets', () => {
    fc.assert(
      fc.property(some, (drawn) => {
        const entries = entriesOf(drawn);
        expect(rootOf([...entries].reverse())).toBe(rootOf(entries));
        const folded = bucketHashes(entries).reduce((all, each) => all ^ BigInt(`0x${each}`), 0n);
        expect(folded.toString(16).padStart(32, '0')).toBe(rootOf(entries));
      }),
    );
  });

  it('of one entry is the beginning of a SHA-256 that PostgreSQL computes alike', () => {
    const [entry] = many(1) as [ResyncEntry];
    expect(rootOf([entry])).toBe(hex(`${entry.osid} ${entry.revision} ${entry.digest}`).slice(0, 32));
    const [kindsDigest, writersDigest] = [hex('kinds'), hex('writers')];
    const text = `${entry.osid} ${entry.revision} ${entry.digest} ${kindsDigest} writers ${writersDigest}`;
    expect(rootOf([{ ...entry, kindsDigest, writersDigest }])).toBe(hex(text).slice(0, 32));
    expect(bucketOf(entry.osid)).toBe(Number.parseInt(hex(entry.osid).slice(0, 2), 16));
    expect(rootOf([])).toBe('0'.repeat(32));
  });

  it('differs for any two different sets, and so do the affected buckets', () => {
    fc.assert(
      fc.property(some, some, (one, other) => {
        const [here, there] = [entriesOf(one), entriesOf(other)];
        const lines = (all: ResyncEntry[]) =>
          all.map((entry) => `${entry.osid} ${entry.revision} ${entry.digest}`).sort();
        const same = lines(here).join() === lines(there).join();
        expect(rootOf(here) === rootOf(there)).toBe(same);
        const differing = differingBuckets(bucketHashes(here), bucketHashes(there));
        expect(differing.length === 0).toBe(same);
        const alone = lines(here).filter((line) => !lines(there).includes(line));
        for (const line of alone) expect(differing).toContain(bucketOf(line.split(' ')[0] ?? ''));
      }),
    );
  });
});

describe('pages', () => {
  it('of 10,000 instances with the longest names hold every entry once and stay within 256 KiB', () => {
    const entries = many(10_000, 'a'.repeat(40));
    const all = Array.from({ length: 256 }, (_, index) => index);
    const pages = resyncPages(entries, all);
    expect(pages.flatMap((page) => page.entries)).toHaveLength(10_000);
    expect(pages.flatMap((page) => page.buckets)).toEqual(all);
    expect(pages.map((page) => page.last)).toEqual([...pages.slice(1).map(() => false), true]);
    for (const page of pages) {
      const sent = reportEnvelope(RESYNC, page, '0190c0de-0000-7000-8000-000000000001');
      expect(envelopeBytes(sent)).toBeLessThanOrEqual(maxResyncBytes);
      expect(readReport(sent)).toMatchObject({ kind: 'report' });
    }
  });

  it('contain only the requested buckets, including empty ones', () => {
    const [entry] = many(1) as [ResyncEntry];
    const empty = (bucketOf(entry.osid) + 1) % 256;
    expect(resyncPages([entry], [empty])).toEqual([
      { step: 'list', buckets: [empty], entries: [], kinds: true, writers: true, last: true },
    ]);
    expect(resyncPages([entry], [])).toEqual([
      { step: 'list', buckets: [], entries: [], kinds: true, writers: true, last: true },
    ]);
  });
});
