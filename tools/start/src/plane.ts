import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { controlPlane, usage, verbs } from './control/control-server.js';
import { DataFolder } from './data/data-folder.js';
import { defaultData } from './options.js';

/** `npm run plane -- stop|start|upgrade NAME [--data DIR]`: stops, starts or upgrades one process of a running plane. */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { data: { type: 'string', default: defaultData } },
    allowPositionals: true,
  });
  const [verb, name] = positionals;
  if (!verb || !verbs.some((one) => one === verb) || !name || positionals.length > 2) {
    throw new Error(`${usage} [--data DIR]`);
  }
  process.stdout.write(`${await controlPlane(new DataFolder(resolve(values.data)), verb, name)}\n`);
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
