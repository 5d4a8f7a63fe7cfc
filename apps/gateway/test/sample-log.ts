import type { LogEntry } from '@runos/contracts';

export const logEntry: LogEntry = {
  timestamp: '2030-02-11T09:30:00.000000001Z',
  podName: 'valkey-abcde-0',
  containerName: 'valkey',
  message: 'Ready to accept connections tcp',
};

/** The replies of the other services about the log of one instance. */
export const logReplies = {
  'reconciler.v1.instance-logs': { osid: 'valkey-abcde', sessionNo: 7 },
  'agent-gateway.v1.logs-open': {},
  'agent-gateway.v1.logs-read': { entries: [logEntry], ended: true, truncated: false },
  'agent-gateway.v1.logs-close': {},
} as const;
