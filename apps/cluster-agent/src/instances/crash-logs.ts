import type { KubeClient } from '@runos/kube-client';
import { builtInCatalog, crashLoop, type Health } from '@runos/kube-kinds';
import { type KubeObject, mapAt, mapsIn, numberOf, type ObjectRef, refOf, textOf } from '@runos/kube-objects';
import type { Redact } from '../secrets/redact-secrets.js';
import { lastLines } from './last-lines.js';
import { withoutNumbers } from './without-numbers.js';

/**
 * Lines of a log; a server names its problem in the last ones. The API server ends at the bytes, so that these must hold
 * all of the lines. CloudNativePG writes stack traces of 2 KiB and more into one.
 */
const tail = { tailLines: 100, limitBytes: 1_048_576 } as const;
/** So many characters of the end are kept per crashing pod, and of the beginning of a line that is longer. */
const keptCharacters = 65_536;
const timeoutMs = 10_000;

/** A container that has ended with an error. */
interface EndedContainer {
  readonly name: string;
  /** Empty for one that has left none. */
  readonly terminationMessage: string;
  /** Its log is that of the run before. */
  readonly previous: boolean;
  /** Changes with every run. */
  readonly run: string;
}

const failures: ReadonlySet<string> = new Set([crashLoop, 'PodFailed']);

interface KnownLog {
  readonly run: string;
  readonly text: string;
}

type ReadLog = (pod: ObjectRef, container: Omit<EndedContainer, 'terminationMessage'>) => Promise<string>;

interface LogUse {
  /** A log is redacted as a whole, before lines are cut or left out. */
  redact: Redact;
  /** A log was read. */
  onRead(): void;
}

/**
 * The logs of containers that keep ending. Most programs, PostgreSQL among them, write why they end into their log and
 * leave the termination message empty.
 */
export class CrashLogs {
  readonly #known = new Map<string, KnownLog>();
  /** One log is read at a time. */
  #reading: Promise<void> = Promise.resolve();

  constructor(private readonly read: ReadLog) {}

  /**
   * The health of a pod with the log of its last failed run as termination message, if it is known. Otherwise the log is
   * read, once per run, and `onRead` called. The health of pods whose log cannot be read stays as it is.
   */
  explain(pod: KubeObject, health: Health, use: LogUse): Health {
    const uid = pod.metadata.uid ?? '';
    const ended = failures.has(health.reason) ? endedContainer(pod) : undefined;
    if (ended === undefined) return health;
    if (ended.terminationMessage !== '') {
      return { ...health, message: use.redact(health.message), log: lastLines(use.redact(ended.terminationMessage)) };
    }
    const known = this.#known.get(uid);
    if (known?.run !== ended.run) this.#request(uid, refOf(pod), ended, known?.text ?? '', use);
    if (known === undefined || known.text === '') return health;
    // A value may have become secret since it was read.
    const text = use.redact(known.text);
    const explained = builtInCatalog.healthOf(withTerminationMessage(pod, ended, text));
    return { ...explained, log: lastLines(text) };
  }

  remove(pod: KubeObject): void {
    this.#known.delete(pod.metadata.uid ?? '');
  }

  #request(uid: string, pod: ObjectRef, ended: EndedContainer, text: string, use: LogUse): void {
    // The text of the run before stays until the new one is known.
    this.#known.set(uid, { run: ended.run, text });
    this.#reading = this.#reading.then(async () => {
      if (this.#known.get(uid)?.run !== ended.run) return;
      const log = await this.read(pod, ended).catch(() => undefined);
      if (log === undefined || this.#known.get(uid)?.run !== ended.run) return;
      const next = use.redact(log);
      // Times and process ids differ with every run, and every change would be reported.
      if (withoutNumbers(next) === withoutNumbers(text)) return;
      this.#known.set(uid, { run: ended.run, text: next });
      use.onRead();
    });
  }
}

/** Reads logs from the API server, which needs the right to get `pods/log` in the namespace of the pod. */
export const logReader =
  (client: KubeClient): ReadLog =>
  async (pod, { name, previous }) => {
    const path = `${await client.mapper.path(pod)}/log`;
    const query = { container: name, previous: previous ? 'true' : undefined, ...tail };
    const signal = AbortSignal.timeout(timeoutMs);
    const lines: string[] = [];
    let characters = 0;
    for await (const read of client.transport.streamLines({ path, query, signal, idleTimeoutMs: timeoutMs })) {
      const line = read.slice(0, keptCharacters);
      lines.push(line);
      characters += line.length;
      while (characters > keptCharacters) characters -= lines.shift()?.length ?? characters;
    }
    return lines.join('\n');
  };

const statusLists = ['initContainerStatuses', 'containerStatuses'] as const;
/** The statuses of the containers of a pod, those of its initialisation first. */
export const statusesOf = (pod: KubeObject) => statusLists.flatMap((list) => [...mapsIn(mapAt(pod, 'status')[list])]);

function endedContainer(pod: KubeObject): EndedContainer | undefined {
  for (const status of statusesOf(pod)) {
    const name = textOf(status['name']);
    const now = mapAt(status, 'state', 'terminated');
    const previous = numberOf(now['exitCode']) === undefined;
    const ended = previous ? mapAt(status, 'lastState', 'terminated') : now;
    const hasFailed = numberOf(ended['exitCode']) !== undefined && numberOf(ended['exitCode']) !== 0;
    if (name === undefined || !hasFailed || status['ready'] === true) continue;
    const run = textOf(ended['containerID']) ?? `${name}/${numberOf(status['restartCount']) ?? 0}`;
    return { name, previous, run, terminationMessage: textOf(ended['message']) ?? '' };
  }
  return undefined;
}

function withTerminationMessage(pod: KubeObject, { name, previous }: EndedContainer, message: string): KubeObject {
  const state = previous ? 'lastState' : 'state';
  const complete = (container: Readonly<Record<string, unknown>>) =>
    container['name'] === name
      ? { ...container, [state]: { terminated: { ...mapAt(container, state, 'terminated'), message } } }
      : container;
  const status = mapAt(pod, 'status');
  const lists = statusLists.map((list) => [list, [...mapsIn(status[list])].map(complete)]);
  return { ...pod, status: { ...status, ...Object.fromEntries(lists) } };
}
