import { isDocument } from '../output/document.js';
import type { SyncTarget } from './sync-target.js';

/** A revision as a list shows it. */
export interface Revision {
  readonly revision?: unknown;
  readonly generation?: unknown;
  readonly changedBy?: unknown;
  readonly createdAt?: unknown;
}

/** The revisions of a target, newest first: a page, or `limit` of them. @throws CliError where they cannot be read */
export async function revisionsOf(
  { client, path }: Pick<SyncTarget, 'client' | 'path'>,
  limit?: number,
): Promise<readonly Revision[]> {
  const query = new URLSearchParams(limit === undefined ? {} : { limit: String(limit) });
  const { body } = await client.send({ method: 'GET', path: `${path}/revisions`, query });
  return isDocument(body) && Array.isArray(body['revisions']) ? (body['revisions'] as Revision[]) : [];
}
