import { isDocument } from '../output/document.js';
import { ageText } from '../output/time-text.js';
import type { CliError } from '../failure/cli-error.js';
import { revisionsOf } from './revisions.js';
import type { SyncTarget } from './sync-target.js';

/** A longer list of fields is cut. */
const maxFields = 5;

/** Who changed the target since its plan, when, and what: a sentence from what the refusal and the revisions show. */
export async function describeStalePlan(
  { client, path, name }: SyncTarget,
  planned: number | undefined,
  { details }: CliError,
  now: Date,
): Promise<string> {
  const { changedBy, generation } = (details.body ?? {}) as {
    readonly changedBy?: unknown;
    readonly generation?: unknown;
  };
  const who = typeof changedBy === 'string' ? ` by ${changedBy}` : '';
  // The refusal stands without them: not everybody may read revisions.
  const found = await revisionsSince(client, path, planned).catch(() => undefined);
  const age = found?.at === undefined ? '' : ageText(found.at, now);
  const span = typeof generation === 'number' && planned !== undefined ? [`generation ${planned} → ${generation}`] : [];
  const fields = found?.fields ?? [];
  const shown = fields.length > maxFields ? [...fields.slice(0, maxFields), '…'] : fields;
  const what = [...span, ...(shown.length > 0 ? [shown.join(', ')] : [])].join(': ');
  return `${name} was changed${who}${age === '' ? '' : ` ${age} ago`}${what === '' ? '' : ` (${what})`}.`;
}

async function revisionsSince(client: SyncTarget['client'], path: string, planned = 0) {
  const revisions = await revisionsOf({ client, path });
  const [newest] = revisions;
  const base = revisions.find(({ generation }) => typeof generation === 'number' && generation <= planned);
  const isNewer = newest !== undefined && Number(newest.generation) > planned;
  const at = isNewer && typeof newest.createdAt === 'string' ? newest.createdAt : undefined;
  if (!isNewer || base === undefined) return { at, fields: [] };
  const diff = (await client.send({ method: 'GET', path: `${path}/revisions/${String(base.revision)}/diff` })).body;
  const changes = (isDocument(diff) && Array.isArray(diff['changes']) ? diff['changes'] : []) as { field?: unknown }[];
  return { at, fields: changes.map(({ field }) => String(field)) };
}
