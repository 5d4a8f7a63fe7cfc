import { type Terminal } from '../terminal/terminal.js';
import { type Style, styleOf } from './style.js';

/** The options of every command. `color` is false under `--no-color`. */
export interface OutputOptions {
  readonly json?: boolean;
  readonly output?: 'json' | 'yaml' | 'wide';
  readonly quiet?: boolean;
  readonly color?: boolean;
}

/** Prints for one command: data on standard output, everything else on standard error. */
export class Output {
  readonly style: Style;
  readonly noteStyle: Style;

  constructor(
    readonly terminal: Terminal,
    private readonly options: OutputOptions,
  ) {
    this.style = styleOf(terminal, terminal.stdout, options.color !== false);
    this.noteStyle = styleOf(terminal, terminal.stderr, options.color !== false);
  }

  get isJson(): boolean {
    return this.options.json === true || this.options.output === 'json';
  }

  /** One document is printed, for another program. */
  get isDocument(): boolean {
    return this.isJson || this.options.output === 'yaml';
  }

  get isWide(): boolean {
    return this.options.output === 'wide';
  }

  get isQuiet(): boolean {
    return this.options.quiet === true;
  }

  /** The document in the requested format; `text` makes it readable for people. */
  async print(document: unknown, text: () => string): Promise<void> {
    if (this.isJson) this.write(`${JSON.stringify(document, null, 2)}\n`);
    else if (this.options.output === 'yaml') this.write((await import('yaml')).stringify(document));
    else this.write(text());
  }

  write(text: string): void {
    this.terminal.stdout.write(text);
  }

  /** A hint or progress; nothing under `--quiet`. */
  note(line: string): void {
    if (!this.isQuiet) this.terminal.stderr.write(`${line}\n`);
  }

  warn(line: string): void {
    this.terminal.stderr.write(`${this.noteStyle.yellow('Warning:')} ${line}\n`);
  }
}
