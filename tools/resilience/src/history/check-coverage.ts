import type { Operation, RecordedHistory } from './recorded-history.js';
import type { Violation } from './violation.js';

/** A history without writes, or without reads of their results, agrees with every model: it has checked nothing. */
export function checkCoverage({ operations, lostReads }: RecordedHistory): Violation[] {
  const isWrite = ({ method, status }: Operation): boolean => method !== 'GET' && status === 202;
  const isRead = ({ method, status }: Operation): boolean => method === 'GET' && status !== undefined;
  return [
    ...(operations.some(isWrite) ? [] : [violation('nothing was checked: no write was acknowledged')]),
    ...(operations.some(isRead) ? [] : [violation('nothing was checked: no read was answered')]),
    ...(lostReads === 0 ? [] : [violation(`the end was not checked: ${lostReads} reads were beyond the limit`)]),
  ];
}

const violation = (rule: string): Violation => ({ rule, subject: 'the history', operations: [] });
