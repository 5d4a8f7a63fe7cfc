/** The messages of one agent that are handled concurrently, on all streams that it has opened. */
const maxMessages = 64;

/** A stream that reads while its sender has less than the maximum in flight. */
export interface Reader {
  update(): void;
}

interface Sender {
  running: number;
  readonly readers: Set<Reader>;
}

/**
 * Counts the messages in flight of each agent. A message counts until it is handled, also if its stream has closed since.
 * So an agent that dials again, or opens several streams, gets no further ones.
 */
export class MessagesInFlight {
  readonly #senders = new Map<string, Sender>();

  /** A stream of the sender starts to read. */
  add(key: string, reader: Reader): void {
    this.#senderOf(key).readers.add(reader);
    if (this.isFull(key)) reader.update();
  }

  remove(key: string, reader: Reader): void {
    this.#senders.get(key)?.readers.delete(reader);
    this.#forgetIdle(key);
  }

  begin(key: string): void {
    const sender = this.#senderOf(key);
    sender.running += 1;
    if (sender.running === maxMessages) this.#update(sender);
  }

  end(key: string): void {
    const sender = this.#senderOf(key);
    sender.running -= 1;
    if (sender.running === maxMessages - 1) this.#update(sender);
    this.#forgetIdle(key);
  }

  isFull(key: string): boolean {
    return (this.#senders.get(key)?.running ?? 0) >= maxMessages;
  }

  #update({ readers }: Sender): void {
    for (const reader of readers) reader.update();
  }

  #senderOf(key: string): Sender {
    const sender = this.#senders.get(key) ?? { running: 0, readers: new Set() };
    this.#senders.set(key, sender);
    return sender;
  }

  #forgetIdle(key: string): void {
    const sender = this.#senders.get(key);
    if (sender?.running === 0 && sender.readers.size === 0) this.#senders.delete(key);
  }
}
