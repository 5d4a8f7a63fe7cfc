import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Runs a program to its end; returns its standard output. @throws Error with the command and what it printed */
export async function runCommand(command: string, args: readonly string[], timeoutMs = 60_000): Promise<string> {
  try {
    return (await execute(command, [...args], { timeout: timeoutMs, maxBuffer: 64 * 1024 * 1024 })).stdout;
  } catch (error) {
    const { stderr, stdout, message } = error as Error & { stderr?: string; stdout?: string };
    const reason = stderr?.trim() || stdout?.trim() || message;
    throw new Error(`${[command, ...args].join(' ')} failed: ${reason}`, { cause: error });
  }
}
