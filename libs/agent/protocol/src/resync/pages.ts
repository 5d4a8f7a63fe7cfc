import { maxResyncBytes } from '../wire/limits.js';
import type { ResyncEntry } from '../catalog/resync-report.js';
import { bucketOf } from './root.js';

export interface ResyncPage {
  readonly step: 'list';
  readonly buckets: number[];
  readonly entries: ResyncEntry[];
  readonly last: boolean;
}

/** Base64 adds a third. 4 KiB are reserved for the fields beside the entries. */
const maxPageJson = Math.floor((maxResyncBytes * 3) / 4) - 4096;
const maxEntries = 4000;

/** The lists of the differing buckets. A page contains whole buckets and fits into an envelope of 256 KiB. */
export function resyncPages(entries: Iterable<ResyncEntry>, differing: readonly number[]): ResyncPage[] {
  const byBucket = new Map<number, ResyncEntry[]>(differing.map((index) => [index, []]));
  for (const { osid, revision, digest } of entries) byBucket.get(bucketOf(osid))?.push({ osid, revision, digest });
  let page: { buckets: number[]; entries: ResyncEntry[] } = { buckets: [], entries: [] };
  const pages = [page];
  let bytes = 0;
  for (const [index, members] of byBucket) {
    const addedBytes = members.reduce((sum, entry) => sum + JSON.stringify(entry).length + 1, 4);
    if (
      page.buckets.length > 0 &&
      (bytes + addedBytes > maxPageJson || page.entries.length + members.length > maxEntries)
    ) {
      page = { buckets: [], entries: [] };
      pages.push(page);
      bytes = 0;
    }
    bytes += addedBytes;
    page.buckets.push(index);
    page.entries.push(...members);
  }
  return pages.map((each, index) => ({ step: 'list', ...each, last: index === pages.length - 1 }));
}
