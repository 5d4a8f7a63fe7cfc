import { enableCompileCache } from 'node:module';
import { handleWriteFailures } from './terminal/handle-write-failures.js';

// Compiled code of the last run: less than half of the time that a short command takes.
enableCompileCache();
handleWriteFailures();

async function main(argv: readonly string[]): Promise<void> {
  if (argv.length === 1 && ['version', '--version'].includes(argv[0] ?? '')) {
    // Scripts call it often, and it needs nothing else of the program.
    const { versionText } = await import('./commands/own-version.js');
    process.stdout.write(versionText());
    return;
  }
  const [{ runCli }, { processTerminal }] = await Promise.all([import('./cli.js'), import('./terminal/terminal.js')]);
  process.exitCode = await runCli(argv, processTerminal());
}

// No top-level await: the single executable is CommonJS. Errors of commands are printed by runCli.
void main(process.argv.slice(2));
