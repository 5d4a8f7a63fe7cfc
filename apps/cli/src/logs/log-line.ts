import type { Document } from '../output/document.js';
import { printable } from '../output/printable.js';

/** An entry of this container is no line of a log, but the reason why lines are missing. */
export const diagnosticContainer = '<diagnostic>';

/** A line of a log: time, pod, message. */
export function logLine({ timestamp, podName, message }: Document): string {
  const pod = typeof podName === 'string' && podName !== '' ? `[${podName}] ` : '';
  return `${String(timestamp)} ${pod}${printable(String(message)).trimEnd()}\n`;
}
