import { ConcurrencyLimit } from '@runos/engine';
import { systemClock } from '@runos/kernel';
import { isForbidden, type KubeClient, KubeError } from '@runos/kube-client';
import { podKind, secretKind } from '@runos/kube-kinds';
import { containersOf, type LogContainer } from './log-containers.js';
import { maxLineBytes } from './log-line.js';

/** Which lines of a container are read. */
export interface LineSelection {
  readonly tailLines?: number;
  readonly sinceSeconds?: number;
  /** RFC 3339. The API server ignores its decimals. */
  readonly sinceTime?: string;
  readonly previous?: boolean;
  readonly follow?: boolean;
}

/** The logs of the pods of one instance. */
export interface PodLogs {
  /** Its containers now. @throws KubeError */
  containers(signal: AbortSignal): Promise<LogContainer[]>;
  /** Lines with timestamps in front, those that arrive together, as fast as they are taken. @throws KubeError */
  lines(container: LogContainer, selection: LineSelection, signal: AbortSignal): AsyncIterable<readonly string[]>;
}

/** A node that sends nothing for this long when it need not wait for new lines, ms. */
const silentMs = 10_000;
/** A followed log that is silent for this long is opened again, because its connection may be dead, ms. */
const followedSilentMs = 300_000;

/**
 * A line waits so long for others, ms. A kubelet sends each line by itself. Its own step through all that reads a log takes
 * more processor time than the line.
 */
const gatherMs = 10;

/** Each opened log costs a TLS handshake, and many at once would delay the lines of the logs that are open already. */
const maxOpenings = 4;
/** A node that does not answer delays the opening of other logs no longer than this, ms. */
const maxOpeningMs = 1_000;

/** Opens logs one after the other, those of instances in turn. One for all logs of an agent. */
export class LogOpenings {
  readonly #limit = new ConcurrencyLimit({ total: maxOpenings, perKey: maxOpenings });

  /** Resolves when a log of the instance may be opened. The function that it returns must be called when it is open. */
  begin(osid: string): Promise<() => void> {
    const opening = new AbortController();
    return new Promise((resolve) => {
      void this.#limit.run(osid, () => {
        resolve(() => opening.abort('opened'));
        return systemClock.sleep(maxOpeningMs, opening.signal);
      });
    });
  }
}

const isSilence = (thrown: unknown): boolean =>
  thrown instanceof KubeError && (thrown.cause as { code?: unknown } | undefined)?.code === 'UND_ERR_BODY_TIMEOUT';

/** The logs of all pods in the namespace of an instance, by the API server. */
export const podLogsOf = (client: KubeClient, osid: string, openings: LogOpenings): PodLogs => ({
  containers: async (signal) => (await client.list({ ...podKind, namespace: osid }, { signal })).flatMap(containersOf),
  async *lines({ podName, containerName }, { follow = false, ...selection }, signal) {
    const path = `${await client.mapper.path({ ...podKind, namespace: osid, name: podName })}/log`;
    const query = { container: containerName, timestamps: true, follow, ...selection };
    const idleTimeoutMs = follow ? followedSilentMs : silentMs;
    const request = { path, query, signal, idleTimeoutMs, maxLineBytes, gatherMs };
    const open = async function* (): AsyncGenerator<string[]> {
      const onOpen = await openings.begin(osid);
      try {
        if (!signal.aborted) yield* client.transport.streamLineBatches({ ...request, onOpen });
      } finally {
        onOpen();
      }
    };
    try {
      yield* withRight(client, osid, signal, open);
    } catch (thrown) {
      if (!follow || !isSilence(thrown)) throw thrown;
    }
  },
});

/** The role for Secrets has the right on logs. The client binds it in the namespace with the first request for a Secret. */
async function* withRight(
  client: KubeClient,
  osid: string,
  signal: AbortSignal,
  open: () => AsyncGenerator<string[]>,
): AsyncGenerator<string[]> {
  try {
    yield* open();
    return;
  } catch (thrown) {
    if (!isForbidden(thrown)) throw thrown;
  }
  await client.find({ ...secretKind, namespace: osid, name: osid }, { signal, metadataOnly: true });
  yield* open();
}
