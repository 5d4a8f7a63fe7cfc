import { type PlaneClient } from '@runos/tool-e2e';

/** An entry of a log, as the API returns it. */
export interface LogEntry {
  readonly timestamp: string;
  readonly podName: string;
  readonly containerName: string;
  readonly message: string;
}

/** Follows a log of the API as NDJSON. */
export class FollowedLog {
  /** What has arrived; at most `kept` entries, the newest. */
  readonly entries: LogEntry[] = [];
  /** The bytes that have arrived. */
  bytes = 0;
  /** The names of the pods of all lines that have arrived. */
  readonly pods = new Set<string>();
  readonly ended: Promise<void>;
  readonly #stopping = new AbortController();
  #pause: Promise<void> | undefined;

  constructor(
    plane: PlaneClient,
    path: string,
    private readonly kept = Infinity,
  ) {
    this.ended = this.#read(plane, path);
  }

  /** Reads nothing any more, as a client does that hangs: its connection stays open until `stop`. */
  pause(): void {
    this.#pause ??= new Promise((resolve) => this.#stopping.signal.addEventListener('abort', () => resolve()));
  }

  stop(): void {
    this.#stopping.abort();
  }

  async #read({ api }: PlaneClient, path: string): Promise<void> {
    const headers = { authorization: `Bearer ${api.token}`, accept: 'application/x-ndjson' };
    const response = await fetch(api.url + path, { headers, signal: this.#stopping.signal });
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    let text = '';
    try {
      for await (const chunk of response.body ?? []) {
        const bytes = Buffer.from(chunk as Uint8Array);
        this.bytes += bytes.length;
        const lines = (text + bytes.toString()).split('\n');
        text = lines.pop() ?? '';
        const entries = lines.map((line) => JSON.parse(line) as LogEntry);
        for (const { podName } of entries) this.pods.add(podName);
        this.entries.push(...entries);
        if (this.entries.length > this.kept) this.entries.splice(0, this.entries.length - this.kept);
        await this.#pause;
      }
    } catch (error) {
      if (!this.#stopping.signal.aborted) throw error;
    }
  }
}
