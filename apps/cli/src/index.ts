export { runCli } from './cli.js';
export type { Terminal, TextStream, InputStream } from './terminal/terminal.js';
