import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type CliPlatform, cliPlatforms } from '@runos/api';
import { root } from './source-program.js';

/** What a release contains, and where it is written. */
export interface ReleaseOptions {
  readonly folder: string;
  readonly platforms: readonly CliPlatform[];
  /** Programs of Node by platform. */
  readonly nodes: ReadonlyMap<CliPlatform, string>;
}

export const usage = `Usage: npm run release -- [--out FOLDER] [--platform PLATFORM]... [--node PLATFORM=FILE]...

Writes the npm package of runos and an executable for each platform, by default the one that runs here.
Platforms: ${cliPlatforms.join(', ')}. Another platform needs a Node of it, of the version ${process.version}.
`;

/** @throws Error for wrong arguments */
export function releaseOptions(args: readonly string[]): ReleaseOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      out: { type: 'string', default: resolve(root, 'tools/release/dist/release') },
      platform: { type: 'string', multiple: true, default: [`${process.platform}-${process.arch}`] },
      node: { type: 'string', multiple: true, default: [] },
    },
  });
  const nodes = values.node.map((text): [CliPlatform, string] => {
    const at = text.indexOf('=');
    return [platformNamed(text.slice(0, Math.max(at, 0))), resolve(text.slice(at + 1))];
  });
  return { folder: resolve(values.out), platforms: values.platform.map(platformNamed), nodes: new Map(nodes) };
}

function platformNamed(name: string): CliPlatform {
  const platform = cliPlatforms.find((one) => one === name);
  if (platform !== undefined) return platform;
  throw new Error(`"${name}" is no platform of a release. Choose one of ${cliPlatforms.join(', ')}.`);
}
