import { writeSync } from 'node:fs';
import { exitCodes } from '../failure/exit-codes.js';

/**
 * Ends the process when its output cannot be written. After a reader has closed its end of a pipe, that is no error. Other
 * failures, such as a full disk, are reported in one sentence.
 */
export function handleWriteFailures(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
      if (stream === process.stdout) writeSentence(`Error: Cannot write the output: ${error.message}.\n`);
      process.exit(exitCodes.failed);
    });
  }
}

function writeSentence(text: string): void {
  try {
    writeSync(process.stderr.fd, text);
  } catch {
    // There is no place for it: the exit status must do.
  }
}
