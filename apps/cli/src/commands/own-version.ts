import { readFileSync } from 'node:fs';

declare global {
  /** The bundler of a release sets it: a bundle has no package.json of this program beside it. */
  var runosVersion: string | undefined;
}

/** The version of this program. */
export function ownVersion(): string {
  if (globalThis.runosVersion !== undefined) return globalThis.runosVersion;
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

/** What `runos version` prints for people. */
export const versionText = (): string => `runos ${ownVersion()}\n`;
