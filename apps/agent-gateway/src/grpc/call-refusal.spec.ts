import { status } from '@grpc/grpc-js';
import { describe, expect, it, jest } from '@jest/globals';
import { refusalCodeOf } from '@runos/agent-protocol';
import { unavailable } from '@runos/kernel';
import type { AgentLog } from '../agents/agent-log.js';
import { CallRefusal, statusOfError } from './call-refusal.js';

const writeUnknown = jest.fn();
const log = { writeUnknown } as unknown as AgentLog;

/** What an agent receives for an error, and how many lines were logged. */
function received(thrown: Error) {
  writeUnknown.mockClear();
  const { code, details, metadata } = statusOfError(thrown, log, '/Register');
  return { code, details, refusal: refusalCodeOf(metadata), logged: writeUnknown.mock.calls.length };
}

describe('the status of a failed call', () => {
  it('contains the code and the reason of a refusal', () => {
    const refusal = new CallRefusal('request-invalid', 'no CSR');
    expect(received(refusal)).toEqual({
      code: status.INVALID_ARGUMENT,
      details: 'no CSR',
      refusal: 'request-invalid',
      logged: 0,
    });
  });

  it('distinguishes an outage from an internal error, which it does not disclose', () => {
    const { UNAVAILABLE: code } = status;
    const outage = { code, details: 'no database', refusal: 'plane-busy', logged: 0 };
    expect(received(unavailable('no database'))).toEqual(outage);
    const internal = { code, details: 'An internal error occurred.', refusal: 'internal', logged: 1 };
    expect(received(new Error('secret'))).toEqual(internal);
  });
});
