import type { LogEntry } from '@runos/agent-protocol';
import { followLogs } from './follow-logs.js';
import type { LogContainer } from './log-containers.js';
import { diagnostic } from './log-line.js';
import { LogProgress } from './log-progress.js';
import { LogTail } from './log-tail.js';
import { keyOf, type LogReader, maxContainers, type Progresses, selectedContainers } from './log-reader.js';
import { MergedLogs } from './merged-logs.js';
import { unreadable } from './unreadable.js';

/** The log of an instance: the newest lines, then those that follow as they arrive. Problems are entries too. */
export async function* readLogs(reader: LogReader): AsyncGenerator<LogEntry[]> {
  const progresses: Progresses = new Map();
  yield* existingLogs(reader, progresses);
  const { follow, previous } = reader.query;
  if (follow && !previous) yield* followLogs(reader, progresses);
}

async function* existingLogs(reader: LogReader, progresses: Progresses): AsyncGenerator<LogEntry[]> {
  const { query, clock, signal } = reader;
  let containers: LogContainer[];
  try {
    containers = await selectedContainers(reader);
  } catch (error) {
    yield [diagnostic(clock.now(), `The pods of ${query.osid} cannot be listed: ${(error as Error).message}`)];
    return;
  }
  const readable = containers.filter(({ run, hasPrevious }) => (query.previous ? hasPrevious : run !== undefined));
  const remark = readable.length === 0 ? whyNone(reader, containers) : undefined;
  if (remark !== undefined) yield [diagnostic(clock.now(), remark)];
  const merged = new MergedLogs(clock, Infinity);
  const problems: LogEntry[] = [];
  for (const container of readable.slice(0, maxContainers)) {
    const progress = new LogProgress(clock);
    progresses.set(keyOf(container), progress);
    void merged.add(existingEntries(reader, container, progress, problems));
  }
  merged.finish();
  const tail = new LogTail(query.tail);
  for await (const batch of merged.entries(signal)) for (const entry of batch) tail.add(entry);
  if (tail.isTruncated) reader.onTruncated();
  yield tail.take();
  if (readable.length > maxContainers) {
    const words = `The logs of ${maxContainers} of ${readable.length} containers are read; name a pod to read others.`;
    problems.push(diagnostic(clock.now(), words));
  }
  yield problems;
}

async function* existingEntries(
  { logs, query, clock, signal }: LogReader,
  container: LogContainer,
  progress: LogProgress,
  problems: LogEntry[],
): AsyncGenerator<LogEntry[]> {
  const { tail: tailLines, sinceSeconds, previous } = query;
  try {
    const selection = { tailLines, sinceSeconds, previous };
    yield* progress.entries(container, logs.lines(container, selection, signal), selection);
    if (!container.isRunning) progress.completedRun = container.run;
  } catch (error) {
    progress.problem = unreadable(container, (error as Error).message);
    if (!signal.aborted) problems.push(diagnostic(clock.now(), progress.problem, container.podName));
  }
}

/** Why no container has a log; undefined if there is no pod at all. */
function whyNone({ query }: LogReader, containers: readonly LogContainer[]): string | undefined {
  if (containers.length === 0) return query.pod && `${query.osid} has no pod ${query.pod}.`;
  if (query.previous) return 'No container has been restarted, so there are no logs of earlier runs.';
  const states = containers.map(
    ({ podName, containerName, waiting }) => `container ${containerName} of pod ${podName} waits (${waiting ?? ''})`,
  );
  return `No container has started yet: ${states.slice(0, 10).join('; ')}.`;
}
