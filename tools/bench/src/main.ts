import { benchChange } from './change.js';

/** Every benchmark by its name: `npm run bench -- NAME [--data DIR of a running plane] [--count N]`. */
const benches: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = { change: benchChange };

const [name = '', ...args] = process.argv.slice(2);
const bench = benches[name];
if (!bench) {
  process.stderr.write(`There is no benchmark "${name}"; there is: ${Object.keys(benches).join(', ')}.\n`);
  process.exit(2);
}
await bench(args);
