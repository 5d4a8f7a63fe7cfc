/** The beginning of a line that has not ended yet. */
class PartialLine {
  #chunks: Buffer[] = [];
  #keptBytes = 0;
  #cutBytes = 0;

  constructor(private readonly maxBytes: number) {}

  get isEmpty(): boolean {
    return this.#keptBytes + this.#cutBytes === 0;
  }

  add(chunk: Buffer): void {
    const kept = chunk.subarray(0, this.maxBytes - this.#keptBytes);
    this.#cutBytes += chunk.length - kept.length;
    this.#keptBytes += kept.length;
    if (kept.length > 0) this.#chunks.push(kept);
  }

  /** The line so far; the next one begins. A character that was cut in two becomes U+FFFD. */
  take(): string {
    const text = Buffer.concat(this.#chunks).toString('utf8');
    const line = this.#cutBytes === 0 ? text : `${text} … (${this.#cutBytes} more bytes)`;
    this.#chunks = [];
    this.#keptBytes = 0;
    this.#cutBytes = 0;
    return line;
  }
}

/**
 * The lines of a body in UTF-8 as they arrive, those that end in one chunk together. A step for each line would cost more
 * than its bytes. Of a line, at most `maxBytes` are kept in memory. Without that limit, the lines are documents,
 * and one that has no end is dropped.
 */
export async function* splitLines(body: AsyncIterable<Buffer>, maxBytes = Infinity): AsyncGenerator<string[]> {
  const partial = new PartialLine(maxBytes);
  for await (const chunk of body) {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      if (partial.isEmpty && end - start <= maxBytes) lines.push(chunk.toString('utf8', start, end));
      else {
        partial.add(chunk.subarray(start, end));
        lines.push(partial.take());
      }
      start = end + 1;
    }
    if (start < chunk.length) partial.add(chunk.subarray(start));
    if (lines.length > 0) yield lines;
  }
  if (Number.isFinite(maxBytes) && !partial.isEmpty) yield [partial.take()];
}
