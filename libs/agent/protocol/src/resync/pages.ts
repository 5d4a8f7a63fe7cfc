import { maxResyncBytes } from '../wire/limits.js';
import type { ResyncEntry } from '../catalog/resync-report.js';
import { bucketOf } from './root.js';

export interface ResyncPage {
  readonly step: 'list';
  readonly buckets: number[];
  readonly entries: ResyncEntry[];
  readonly last: boolean;
}

/** Base64 adds a third; what is left of 256 KiB is for the names around the entries. */
const maxPageJson = Math.floor((maxResyncBytes * 3) / 4) - 4096;
const maxEntries = 4000;

/** The lists of the buckets that differ, whole buckets per page, every page within 256 KiB as an envelope. */
export function resyncPages(entries: Iterable<ResyncEntry>, differing: readonly number[]): ResyncPage[] {
  const byBucket = new Map<number, ResyncEntry[]>(differing.map((index) => [index, []]));
  for (const { osid, revision, digest } of entries) byBucket.get(bucketOf(osid))?.push({ osid, revision, digest });
  const pages: { buckets: number[]; entries: ResyncEntry[] }[] = [{ buckets: [], entries: [] }];
  let bytes = 0;
  for (const [index, members] of byBucket) {
    const more = members.reduce((sum, entry) => sum + JSON.stringify(entry).length + 1, 4);
    let page = pages[pages.length - 1] as (typeof pages)[number];
    if (page.buckets.length > 0 && (bytes + more > maxPageJson || page.entries.length + members.length > maxEntries)) {
      page = { buckets: [], entries: [] };
      pages.push(page);
      bytes = 0;
    }
    bytes += more;
    page.buckets.push(index);
    page.entries.push(...members);
  }
  return pages.map((page, at) => ({ step: 'list', ...page, last: at === pages.length - 1 }));
}
