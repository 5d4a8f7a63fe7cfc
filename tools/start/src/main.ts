import { DataFolder } from './data/data-folder.js';
import { isHelpRequest, parseOptions, usage } from './options.js';
import { runUntilStopped } from './run.js';
import { Terminal } from './terminal.js';

/** `npm start`: runs everything until Ctrl-C. */
async function main(): Promise<number> {
  const terminal = new Terminal();
  const args = process.argv.slice(2);
  if (isHelpRequest(args)) {
    terminal.print(usage);
    return 0;
  }
  let options;
  try {
    options = parseOptions(args);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${usage}\n`);
    return 2;
  }
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort());
  process.on('disconnect', () => stop.abort()); // the parent process that opened the channel has ended
  const folder = new DataFolder(options.data);
  try {
    folder.lock();
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    return 1;
  }
  try {
    return await runUntilStopped({ options, folder, terminal, stop });
  } finally {
    folder.unlock();
  }
}

process.exit(await main());
