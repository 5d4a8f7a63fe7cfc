import { describe, expect, it } from '@jest/globals';
import { failureCause } from './failure-cause.js';

const at = '2026-11-29 19:46:20.063 GMT [22955]';

describe('the cause of a failure in a log', () => {
  it.each([
    ['a fatal line', `${at} LOG:  starting\n${at} FATAL:  out of room\n`, 'out of room'],
    [
      'a wrong parameter of the file',
      `${at} LOG:  invalid value for parameter "TimeZone": "Mars/Olympus"\n${at} FATAL:  configuration file "/pg/postgresql.conf" contains errors\n`,
      'invalid value for parameter "TimeZone": "Mars/Olympus"',
    ],
    [
      'a line without severity',
      'postgres: "superuser_reserved_connections" (3) plus "reserved_connections" (0) must be less than "max_connections" (3)',
      '"superuser_reserved_connections" (3) plus "reserved_connections" (0) must be less than "max_connections" (3)',
    ],
    [
      'a fatal line with its detail',
      `${at} FATAL:  database files are incompatible with server\n${at} DETAIL:  Version 16 made them.\n`,
      'database files are incompatible with server (Version 16 made them.)',
    ],
    [
      'what ends the server, not a connection',
      `${at} FATAL:  the database system is starting up\n${at} PANIC:  lost`,
      'lost',
    ],
  ])('is %s', (_, log, cause) => expect(failureCause(log)).toBe(cause));

  it('is the same for every attempt, and bounded', () => {
    const attempt = (minute: number) => `2026-11-29 19:${minute}:20 GMT [${minute}] FATAL:  out of room\n`;
    expect(failureCause(attempt(10) + attempt(20))).toBe(failureCause(attempt(30)));
    expect(failureCause(`FATAL: ${'x'.repeat(5_000)}`)?.length).toBe(300);
  });

  it.each(['', 'goodbye', '{', '{"msg":7}', 'null', `${at} LOG:  database system is shut down`])(
    'is not in %j',
    (log) => expect(failureCause(log)).toBeUndefined(),
  );
});
