import type { Command } from './command.js';
import { RefusedRequest, type Row, type Wire } from './wire.js';

export interface Catalog {
  readonly version: string;
  readonly commands: readonly Command[];
}

/** The catalog of the account. Only after a 404 is the one without an account requested. */
export async function loadCatalog(wire: Wire, aid: string): Promise<Catalog> {
  const { version } = await scopedOrBare(wire, aid, 'manifest-version');
  const catalog = (await scopedOrBare(wire, aid, 'manifest')) as unknown as Catalog;
  if (typeof version !== 'string' || version !== catalog.version)
    throw new Error(`the version is ${String(version)}, and that of the catalog is ${catalog.version}`);
  return catalog;
}

async function scopedOrBare(wire: Wire, aid: string, document: string): Promise<Row> {
  try {
    return await wire.get(`/${aid}/cli/${document}`);
  } catch (error) {
    if (!(error instanceof RefusedRequest) || error.status !== 404) throw error;
    return wire.get(`/cli/${document}`);
  }
}

/** @throws Error for a command that the catalog does not have */
export function commandNamed({ commands }: Catalog, name: string): Command {
  const found = commands.find(({ command }) => command === name);
  if (found === undefined) throw new Error(`the catalog has no ${name}`);
  return found;
}
