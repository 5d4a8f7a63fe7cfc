import { enableCompileCache } from 'node:module';

// Compiled code of the last run: less than half of the time that a short command takes.
enableCompileCache();
const [{ runCli }, { processTerminal }] = await Promise.all([import('./cli.js'), import('./terminal/terminal.js')]);
process.exitCode = await runCli(process.argv.slice(2), processTerminal());
