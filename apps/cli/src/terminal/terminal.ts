import type { Readable, Writable } from 'node:stream';

/** A stream that a person or another program reads. `columns` is the width of a terminal. */
export interface TextStream extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** A stream that a person or another program writes. */
export interface InputStream extends Readable {
  readonly isTTY?: boolean;
}

/** What a command knows of the process that runs it. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
  readonly stdin: InputStream;
  /** For data alone. */
  readonly stdout: TextStream;
  /** For progress, hints, questions and warnings. */
  readonly stderr: TextStream;
  /** Calls the listener at Ctrl-C, instead of ending the process. The returned function takes it away. */
  readonly onInterrupt: (listener: () => void) => () => void;
}

/** Width of help where there is no terminal, and of terminals without a known width. */
const defaultColumns = 120;

/** The width that lines of data may have. Nothing is cut for another program. */
export const columnsOf = ({ stdout }: Terminal): number =>
  stdout.isTTY === true ? (stdout.columns ?? defaultColumns) : Infinity;

/** The width of help. */
export const helpColumnsOf = ({ stdout }: Terminal): number => stdout.columns ?? defaultColumns;

/** Whether a question gets an answer: a person must see it and be able to type. */
export const canPrompt = ({ stdin, stderr }: Terminal): boolean => stdin.isTTY === true && stderr.isTTY === true;

/** The terminal of this process. */
export function processTerminal(): Terminal {
  return {
    env: process.env,
    folder: process.cwd(),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    onInterrupt: (listener) => {
      process.on('SIGINT', listener);
      return () => process.off('SIGINT', listener);
    },
  };
}
