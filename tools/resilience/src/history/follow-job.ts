import { setTimeout as sleep } from 'node:timers/promises';
import { hasEnded } from './check-jobs.js';
import type { RecordedHistory, StreamEvent } from './recorded-history.js';
import type { Endpoint } from './send.js';

/** The pause before a stream is resumed, ms. */
const pauseMs = 500;

let followers = 0;

/**
 * Follows a job until its end or until `signal` aborts. Each connection is recorded. After one that broke the stream is
 * resumed at the next replica with the id of the last event.
 */
export async function followJob(
  endpoints: readonly Endpoint[],
  id: string,
  history: RecordedHistory,
  signal: AbortSignal,
): Promise<void> {
  const follower = `follower ${(followers += 1)}`;
  let lastId: string | undefined;
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    const { name, url, token } = endpoints[attempt % endpoints.length] as Endpoint;
    const path = `/jobs/${id}/stream`;
    const connection = { client: `${follower} at ${name}`, method: 'GET', path, from: history.now(), attempts: 1 };
    const events: StreamEvent[] = [];
    let status: number | undefined;
    try {
      const headers = {
        authorization: `Bearer ${token}`,
        ...(lastId === undefined ? {} : { 'last-event-id': lastId }),
      };
      const reply = await fetch(url + path, { headers, signal });
      status = reply.status;
      if (status === 200) {
        for await (const message of messagesOf(reply)) {
          lastId = message.id;
          // The model has no log lines, which are most of a stream.
          if (message.event === 'log') continue;
          events.push({ at: history.now(), event: message.event, data: JSON.parse(message.data) as unknown });
        }
      }
    } catch {
      // The replica is down, the connection broke, or the run has ended: the events until then count.
    }
    if (status !== undefined) history.record({ ...connection, status, ...(status === 200 ? { events } : {}) });
    // A job is not found if a restored database has lost it.
    if (status === 204 || status === 404 || events.some(isEnd)) return;
    await sleep(pauseMs);
  }
}

const isEnd = ({ event, data }: StreamEvent): boolean =>
  event === 'job' && hasEnded((data as { readonly status: string }).status);

interface Message {
  readonly event: string;
  readonly id: string;
  readonly data: string;
}

/** The complete messages of a stream; comments are skipped. */
async function* messagesOf({ body }: Response): AsyncGenerator<Message> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const bytes of body ?? []) {
    text += decoder.decode(bytes as Uint8Array, { stream: true });
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const [, event, id, data] = /^event: (.*)\nid: (.*)\ndata: (.*)$/.exec(block) ?? [];
      if (event !== undefined && id !== undefined && data !== undefined) yield { event, id, data };
    }
  }
}
