import { isDocument } from '../output/document.js';
import { printable } from '../output/printable.js';
import { ageText } from '../output/time-text.js';
import type { SyncTarget } from './sync-target.js';

/**
 * Who made the current revision of a target, and when: a plan may replace the change of another person. Empty where
 * revisions cannot be read.
 */
export async function lastChangeText({ client, path }: SyncTarget, now: Date): Promise<string> {
  const query = new URLSearchParams({ limit: '1' });
  const answer = await client.send({ method: 'GET', path: `${path}/revisions`, query }).catch(() => undefined);
  const { revisions } = isDocument(answer?.body) ? answer.body : {};
  const newest: unknown = Array.isArray(revisions) ? revisions[0] : undefined;
  if (!isDocument(newest) || typeof newest['changedBy'] !== 'string') return '';
  const age = typeof newest['createdAt'] === 'string' ? ageText(newest['createdAt'], now) : '';
  return `, last changed by ${printable(newest['changedBy'])}${age === '' ? '' : ` ${age} ago`}`;
}
