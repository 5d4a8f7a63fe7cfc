import type { Operation } from './recorded-history.js';

/** Operations that together contradict a guarantee. */
export interface Violation {
  readonly rule: string;
  /** The instance or the job. */
  readonly subject: string;
  readonly operations: readonly Operation[];
}

const maxResponseLength = 1_500;

/** The violation with its operations in the order of their start, one per line. */
export function describeViolation({ rule, subject, operations }: Violation): string {
  const inOrder = [...new Set(operations)].sort((a, b) => a.from - b.from);
  return [`${subject}: ${rule}`, ...inOrder.map((operation) => `  ${describeOperation(operation)}`)].join('\n');
}

function describeOperation({ client, method, path, request, from, to, status, response, events }: Operation): string {
  const sent = request === undefined ? '' : ` ${JSON.stringify(request)}`;
  const received = JSON.stringify(events ?? response ?? null);
  const shown = received.length > maxResponseLength ? `${received.slice(0, maxResponseLength)}…` : received;
  return `${from.toFixed(0)}–${to.toFixed(0)} ms ${client}: ${method} ${path}${sent} → ${status ?? 'no response'} ${shown}`;
}
