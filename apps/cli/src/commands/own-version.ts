import { readFileSync } from 'node:fs';

/** The version of this program. */
export function ownVersion(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

/** What `runos version` prints for people. */
export const versionText = (): string => `runos ${ownVersion()}\n`;
