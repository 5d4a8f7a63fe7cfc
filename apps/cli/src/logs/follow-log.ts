import { once } from 'node:events';
import { CliError } from '../failure/cli-error.js';
import { exitCodes } from '../failure/exit-codes.js';
import { errorOfAnswer } from '../http/answer-error.js';
import { networkError } from '../http/network-error.js';
import type { Document } from '../output/document.js';
import type { Output } from '../output/output.js';
import type { CommandContext } from '../terminal/command-context.js';
import { diagnosticContainer, logLine } from './log-line.js';

export interface LogRequest {
  readonly path: string;
  readonly query?: URLSearchParams;
}

const mediaType = 'application/x-ndjson';

/** Prints a log until it ends or the user presses Ctrl-C; with --json each line is a JSON document. @throws CliError */
export async function followLog({ path, query }: LogRequest, context: CommandContext, output: Output): Promise<void> {
  const stop = new AbortController();
  const off = context.terminal.onInterrupt(() => stop.abort());
  try {
    const request = { method: 'GET', path, query, headers: { accept: mediaType } };
    const response = await context.client().open(request, stop.signal);
    if (!response.ok) throw errorOfAnswer(response, await response.json().catch(() => undefined));
    if (!response.headers.get('content-type')?.startsWith(mediaType))
      throw new CliError('This server cannot follow logs.', { remedy: 'leave --follow out' });
    for await (const line of linesOf(response)) await printLine(JSON.parse(line) as Document, output);
  } catch (error) {
    if (!stop.signal.aborted) throw networkError(error, context.settings.apiUrl ?? '', 0);
  } finally {
    off();
  }
  if (stop.signal.aborted) throw new CliError('', { exitCode: exitCodes.interrupted, isNotice: true });
}

async function printLine(entry: Document, output: Output): Promise<void> {
  if (entry['containerName'] === diagnosticContainer) return output.warn(String(entry['message']));
  const { stdout } = output.terminal;
  const isTaken = stdout.write(output.isJson ? `${JSON.stringify(entry)}\n` : logLine(entry));
  if (!isTaken) await once(stdout, 'drain');
}

/** The lines of a body without those that are empty. A last line without its end is left out: it is not complete. */
async function* linesOf({ body }: Response): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield line;
  }
}
