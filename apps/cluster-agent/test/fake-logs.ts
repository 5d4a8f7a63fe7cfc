import type { LogEntry } from '@runos/agent-protocol';
import { KubeError } from '@runos/kube-client';
import type { Osid } from '@runos/osid';
import { waitUntil } from '@runos/testing-process';
import type { LogContainer } from '../src/logs/log-containers.js';
import type { LineSelection, PodLogs } from '../src/logs/pod-logs.js';

/** The instance of the logs. */
export const fakeOsid = 'valkey-abcde' as Osid;

const startMs = Date.parse('2030-01-01T00:00:00Z');

/** A line as a node sends it, logged at this second. */
export const lineAt = (second: number, message: string): string =>
  `${new Date(startMs + second * 1_000).toISOString().slice(0, 19)}.000000000Z ${message}`;

/** A container whose log a spec writes. */
class FakeContainer {
  readonly lines: string[] = [];
  failure: string | undefined;
  hasEnded = false;
  readonly changes = new Set<() => void>();

  constructor(public state: LogContainer) {}

  log(...lines: readonly string[]): this {
    this.lines.push(...lines);
    this.#notify();
    return this;
  }

  fail(message: string): void {
    this.failure = message;
  }

  /** Ends its run, and the logs that are followed; the next run begins. */
  restart(): this {
    this.end();
    this.hasEnded = false;
    this.state = { ...this.state, run: `${this.state.run}+`, hasPrevious: true };
    return this;
  }

  end(): void {
    this.hasEnded = true;
    this.#notify();
  }

  #notify(): void {
    for (const change of [...this.changes]) change();
  }
}

/** The logs of pods, as the API server serves them. It sends the same second again, as a node does with `sinceTime`. */
export class FakeLogs implements PodLogs {
  /** Of every log that was opened. */
  readonly selections: LineSelection[] = [];
  /** The lines that were taken. */
  sent = 0;
  readonly #containers = new Map<string, FakeContainer>();
  #open = 0;
  #followed = 0;

  pod(podName: string, containerName = 'main', state: Partial<LogContainer> = {}): FakeContainer {
    const running = { run: 'containerd://1', isRunning: true, hasPrevious: false, waiting: undefined };
    const container = new FakeContainer({ podName, containerName, ...running, ...state });
    this.#containers.set(podName, container);
    return container;
  }

  remove(podName: string): void {
    this.#containers.get(podName)?.end();
    this.#containers.delete(podName);
  }

  untilClosed = () => waitUntil(() => this.#open === 0, { because: () => `${this.#open} are open` });
  /** Resolves when so many logs were opened, those that are closed again too. */
  untilOpened = (count: number) =>
    waitUntil(() => this.selections.length >= count, { because: () => 'too few logs are opened' });
  untilFollowed = (count: number) =>
    waitUntil(() => this.#followed === count, { because: () => `${this.#followed} are followed` });

  containers(): Promise<LogContainer[]> {
    return Promise.resolve([...this.#containers.values()].map(({ state }) => state));
  }

  async *lines({ podName }: LogContainer, selection: LineSelection, signal: AbortSignal): AsyncGenerator<string[]> {
    this.selections.push(selection);
    const container = this.#containers.get(podName);
    if (container === undefined || container.failure !== undefined) {
      throw new KubeError(container?.failure ?? 'not found', { status: 500, reason: 'InternalError' });
    }
    this.#open += 1;
    if (selection.follow) this.#followed += 1;
    try {
      const second = selection.sinceTime?.slice(0, 19) ?? '';
      let at = selection.tailLines === undefined ? 0 : Math.max(0, container.lines.length - selection.tailLines);
      for (;;) {
        for (; at < container.lines.length && !signal.aborted; at += 1) {
          const line = container.lines[at] ?? '';
          if (line.slice(0, 19) < second) continue;
          this.sent += 1;
          yield [line];
        }
        if (!selection.follow || container.hasEnded || signal.aborted) return;
        await changeOf(container, signal);
      }
    } finally {
      this.#open -= 1;
    }
  }
}

/** The entries of a log one by one. */
export async function* entriesOf(batches: AsyncIterable<readonly LogEntry[]>): AsyncGenerator<LogEntry> {
  for await (const batch of batches) yield* batch;
}

const changeOf = ({ changes }: FakeContainer, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      changes.delete(done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    changes.add(done);
    signal.addEventListener('abort', done);
  });
