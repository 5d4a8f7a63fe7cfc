import { printable } from '../output/printable.js';
import { ageText } from '../output/time-text.js';
import { revisionsOf } from './revisions.js';
import type { SyncTarget } from './sync-target.js';

/**
 * Who made the current revision of a target, and when: a plan may replace the change of another person. Empty where
 * revisions cannot be read.
 */
export async function lastChangeText(target: SyncTarget, now: Date): Promise<string> {
  const [newest] = await revisionsOf(target, 1).catch(() => []);
  if (typeof newest?.changedBy !== 'string') return '';
  const age = typeof newest.createdAt === 'string' ? ageText(newest.createdAt, now) : '';
  return `, last changed by ${printable(newest.changedBy)}${age === '' ? '' : ` ${age} ago`}`;
}
