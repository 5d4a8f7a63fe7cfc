import { join } from 'node:path';
import { answerRows } from '../catalog/answer-rows.js';
import { buildRequest } from '../catalog/build-request.js';
import { type Catalog, type CatalogCommand, outputFieldsOf } from '../catalog/catalog.js';
import { collectInputs } from '../catalog/command-inputs.js';
import { commandAt, commandTree, wordsOf } from '../catalog/command-tree.js';
import { readPrivateFile, writePrivateFile } from '../configuration/private-file.js';
import { requireAccount, requireCluster } from '../configuration/settings.js';
import type { Document } from '../output/document.js';
import type { CommandContext } from '../terminal/command-context.js';

/** A word that completes the command line. */
export interface Candidate {
  readonly value: string;
  readonly description?: string;
}

/** A person waits at the prompt: the server gets no longer, ms. */
const deadlineMs = 300;

/** Lists that are not in the group of the command. */
const lists: Readonly<Record<string, readonly string[]>> = { cid: ['clusters', 'list'], jobId: ['jobs', 'list'] };

/** Ids of objects with their names, as the list beside the command has them: from the server, else of the last time. */
export async function objectCandidates(
  name: string,
  command: CatalogCommand | undefined,
  catalog: Catalog | undefined,
  context: CommandContext,
): Promise<readonly Candidate[]> {
  const group = command === undefined ? [] : wordsOf(command).slice(0, -1);
  const list = catalog && commandAt(commandTree(catalog.commands), lists[name] ?? [...group, 'list']);
  if (list === undefined || list.method !== 'GET') return [];
  const { settings } = context;
  const place = { aid: () => requireAccount(settings), cid: () => requireCluster(settings) };
  const request = buildRequest(list, collectInputs(list, { options: new Map(), arguments: [] }), place);
  const file = join(context.environment.folder, 'completion.json');
  const known = JSON.parse(readPrivateFile(file) ?? '{}') as Record<string, readonly Candidate[]>;
  const key = `${settings.apiUrl} ${request.path}`;
  try {
    const { body } = await context.client(settings, 0).send({ ...request, deadlineMs });
    const rows = (answerRows(body, outputFieldsOf(list)) ?? []).flatMap((row) => candidateOf(row, name));
    writePrivateFile(file, JSON.stringify({ ...known, [key]: rows }));
    return rows;
  } catch {
    return known[key] ?? [];
  }
}

function candidateOf(row: Document, name: string): Candidate[] {
  const value = row[name] ?? row['id'];
  const about = [row['name'], row['type'], row['status']].filter((one) => typeof one === 'string');
  return typeof value === 'string' ? [{ value, description: about.join(' · ') }] : [];
}
