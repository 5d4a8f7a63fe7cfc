import type { AppFile } from './app-file.js';
import type { AppContent } from './app-content.js';

type OverrideFile = NonNullable<AppFile['overrides']>[number];

/** An override of a file, and what the server has of it. */
export interface PairedOverride {
  readonly override: OverrideFile;
  /** Undefined: the server has no such override. */
  readonly was?: OverrideFile | undefined;
}

/** The name with which an override is created: that of its file where the entry has none. */
export const overrideName = ({ name, local }: OverrideFile): string =>
  name ?? local.slice(local.lastIndexOf('/') + 1).replace(/\.ya?ml$/, '');

/**
 * The overrides of a file with those of the server, by their ids. The answer of a creation may have been lost. So an
 * unknown id stands for the override with its name and content, unless another entry names that.
 */
export function pairedOverrides(local: AppContent, server: AppContent): readonly PairedOverride[] {
  const overrides = local.file.overrides ?? [];
  const state = server.file.overrides ?? [];
  const named = new Set(overrides.map(({ id }) => id));
  const free = new Set(state.filter(({ id }) => !named.has(id)));
  return overrides.map((override) => {
    const byId = override.id === undefined ? undefined : state.find(({ id }) => id === override.id);
    if (byId !== undefined) return { override, was: byId };
    const md5 = local.md5s[override.local];
    const was = [...free].find(
      (each) =>
        md5 !== undefined &&
        each.name === overrideName(override) &&
        each.enabled === override.enabled &&
        server.md5s[each.local] === md5,
    );
    if (was !== undefined) free.delete(was);
    return { override, was };
  });
}
