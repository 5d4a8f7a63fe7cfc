import { requireAccount } from '../configuration/settings.js';
import type { CommandContext } from '../terminal/command-context.js';

export interface ClusterRow {
  readonly cid: string;
  readonly name?: string;
  readonly status?: string;
}

/** The clusters of the account. @throws CliError when they cannot be read */
export async function readClusters(context: CommandContext, deadlineMs = 10_000): Promise<readonly ClusterRow[]> {
  const path = `/${encodeURIComponent(requireAccount(context.settings))}/clusters`;
  const { body } = await context.client().send({ method: 'GET', path, deadlineMs });
  return listIn(body).map((row) => ({ ...row, cid: row.cid ?? row.id ?? '' }));
}

type Row = Partial<ClusterRow> & { readonly id?: string };

/** The rows of an answer: a list, or the list in an object. */
function listIn(body: unknown): readonly Row[] {
  const values: readonly unknown[] = [body, ...(Object.values(body ?? {}) as readonly unknown[])];
  const lists = values.filter((value) => Array.isArray(value));
  return (lists[0] ?? []) as readonly Row[];
}
