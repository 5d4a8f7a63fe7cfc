import type { LogQuery } from '@runos/agent-protocol';
import type { Clock } from '@runos/kernel';
import type { LogContainer } from './log-containers.js';
import type { LogProgress } from './log-progress.js';
import type { PodLogs } from './pod-logs.js';

/** Each container costs a connection to the API server. */
export const maxContainers = 64;

export interface LogReader {
  readonly logs: PodLogs;
  readonly query: LogQuery;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Whether the instance is being removed, or is removed: no pod starts any more. */
  readonly isRemoved: () => boolean;
  /** Older lines are left out, because the messages of all lines are too long. */
  readonly onTruncated: () => void;
}

/** Progress by pod and container. */
export type Progresses = Map<string, LogProgress>;

export const keyOf = ({ podName, containerName }: LogContainer): string => `${podName}/${containerName}`;

/** The containers that the query names. @throws KubeError */
export const selectedContainers = async ({ logs, query, signal }: LogReader): Promise<LogContainer[]> =>
  (await logs.containers(signal)).filter(({ podName }) => query.pod === undefined || podName === query.pod);
