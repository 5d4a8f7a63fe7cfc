export interface ServerSentEvent {
  readonly event: string;
  readonly id: string;
  readonly data: Record<string, unknown>;
}

/** Reads server-sent events one by one, as a browser would. */
export class EventStreamReader {
  #text = '';

  private constructor(
    readonly headers: Headers,
    private readonly source: ReadableStreamDefaultReader<Uint8Array>,
  ) {}

  static async open(url: string, headers: Record<string, string>): Promise<EventStreamReader> {
    const response = await fetch(url, { headers });
    if (response.status !== 200 || response.body === null)
      throw new Error(`the response has status ${response.status}`);
    return new EventStreamReader(response.headers, response.body.getReader());
  }

  /** The next event; comments in between are passed over. @throws when the stream ends before */
  async next(): Promise<ServerSentEvent> {
    for (;;) {
      const block = await this.#block();
      if (block === undefined) throw new Error('the stream has ended');
      if (!block.startsWith(':')) return parsed(block);
    }
  }

  /** The next comment; events in between are passed over. */
  async comment(): Promise<string> {
    for (;;) {
      const block = await this.#block();
      if (block === undefined) throw new Error('the stream has ended');
      if (block.startsWith(':')) return block;
    }
  }

  /** Every event until the stream ends. */
  async rest(): Promise<ServerSentEvent[]> {
    const events: ServerSentEvent[] = [];
    for (let block = await this.#block(); block !== undefined; block = await this.#block()) {
      if (!block.startsWith(':')) events.push(parsed(block));
    }
    return events;
  }

  close = (): Promise<void> => this.source.cancel();

  async #block(): Promise<string | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\n\n');
      if (end >= 0) {
        const block = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        return block;
      }
      const { done, value } = await this.source.read();
      if (done) return undefined;
      this.#text += Buffer.from(value).toString();
    }
  }
}

function parsed(block: string): ServerSentEvent {
  const fields = Object.fromEntries(
    block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
  );
  return {
    event: fields['event'] ?? '',
    id: fields['id'] ?? '',
    data: JSON.parse(fields['data'] ?? 'null') as Record<string, unknown>,
  };
}
