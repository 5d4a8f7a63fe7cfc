import { createParser } from 'eventsource-parser';
import { errorOfAnswer } from '../http/answer-error.js';
import type { ApiClient } from '../http/api-client.js';
import { retryDelayMs } from '../http/retry-delay.js';
import { hasEnded, type JobEvent } from './job-event.js';

/** The server sends a comment every 15 s. Without one for this long the connection is half-open, ms. */
const silenceMs = 45_000;
const reconnectMs = 1_000;
/** Failed connections in a row, each after a pause, before the failure is reported. */
const maxFailures = 20;

const names: readonly string[] = ['job', 'workitem', 'log'];

/**
 * The events of a job until its end. A connection that breaks is opened again where it ended.
 * @throws CliError when the job cannot be read
 */
export async function* streamedEvents(client: ApiClient, jobId: string, stop: AbortSignal): AsyncGenerator<JobEvent> {
  let cursor = '';
  let failures = 0;
  while (!stop.aborted) {
    try {
      for await (const { event, id } of connection(client, jobId, cursor, stop)) {
        failures = 0;
        cursor = id ?? cursor;
        if (event === undefined) continue;
        yield event;
        if (event.event === 'job' && hasEnded(event.data)) return;
      }
    } catch (error) {
      if (stop.aborted) return;
      const isRefused = (error as { details?: { statusCode?: number } }).details?.statusCode !== undefined;
      if (isRefused || ++failures > maxFailures) throw error;
    }
    await pause(reconnectMs, stop);
  }
}

interface Received {
  readonly id?: string;
  readonly event?: JobEvent;
}

async function* connection(
  client: ApiClient,
  jobId: string,
  cursor: string,
  stop: AbortSignal,
): AsyncGenerator<Received> {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), silenceMs);
  try {
    const headers = { accept: 'text/event-stream', ...(cursor !== '' && { 'last-event-id': cursor }) };
    const request = { method: 'GET', path: `/jobs/${jobId}/stream`, headers };
    const response = await client.open(request, AbortSignal.any([stop, silence.signal]));
    if (!response.ok) {
      const delayMs = retryDelayMs(response);
      if (delayMs === undefined) throw errorOfAnswer(response, await response.json().catch(() => undefined));
      await pause(delayMs, stop);
      return;
    }
    const received: Received[] = [];
    const parser = createParser({
      onEvent: ({ event = '', data, id }) => received.push({ id, event: jobEvent(event, data) }),
    });
    const decoder = new TextDecoder();
    for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), silenceMs);
      parser.feed(decoder.decode(chunk, { stream: true }));
      yield* received.splice(0);
    }
  } finally {
    clearTimeout(timer);
  }
}

const jobEvent = (event: string, data: string): JobEvent | undefined =>
  names.includes(event) ? ({ event, data: JSON.parse(data) as unknown } as JobEvent) : undefined;

/** Ends early when the signal aborts. */
export function pause(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    stop.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
