import { describe, expect, it } from '@jest/globals';
import { failureCause } from './failure-cause.js';
import { entriesOf } from './log-entry.js';

const pod = 'orders-1';
/** Output of a program before the CSV log is open, or of another program than PostgreSQL. */
const output = (logger: string, msg: string) =>
  JSON.stringify({
    level: 'info',
    ts: '2026-11-29T19:46:20.609095991Z',
    logger,
    msg,
    pipe: 'stderr',
    logging_pod: pod,
  });
/** A record of the CSV log, with the columns that PostgreSQL 17 fills. */
const record = (backend: string, severity: string, state: string, message: string, more: object = {}) =>
  JSON.stringify({
    level: 'info',
    ts: '2026-11-29T19:46:20.719788137Z',
    logger: 'postgres',
    msg: 'record',
    logging_pod: pod,
    record: {
      log_time: '2026-11-29 19:46:20.718 UTC',
      process_id: '25',
      session_id: '692b4e6c.19',
      session_line_num: '1',
      session_start_time: '2026-11-29 19:46:20 UTC',
      transaction_id: '0',
      error_severity: severity,
      sql_state_code: state,
      message,
      ...more,
      backend_type: backend,
      query_id: '0',
    },
  });
const client = { user_name: 'postgres', database_name: 'postgres', connection_from: '[local]' };
const probe = record('client backend', 'FATAL', '57P03', 'the database system is starting up', client);
/** What the instance manager writes after PostgreSQL has ended. */
const failure = (msg: string, error: string) =>
  JSON.stringify({
    level: 'error',
    ts: '2026-11-29T19:46:21.281618012Z',
    msg,
    logger: 'instance-manager',
    logging_pod: pod,
    error,
    stacktrace: 'github.com/cloudnative-pg/machinery/pkg/log.(*logger).Error\n\tpkg/log/log.go:125',
  });
const ended = [
  JSON.stringify({ level: 'info', ts: '2026-11-29T19:46:21Z', msg: 'postmaster exited', logger: 'instance-manager' }),
  failure('PostgreSQL process exited with errors', 'exit status 1'),
  failure('error received after stop sequence was engaged', 'exit status 1'),
];
const causeOf = (...lines: string[]) => failureCause([...lines, ...ended, ''].join('\n'));
const at = '2026-11-29 19:46:20.609 UTC [23]';

describe('the log of a pod of CloudNativePG names as cause', () => {
  it('what PostgreSQL writes before its CSV log is open, with the detail', () => {
    expect(
      causeOf(
        output('postgres', `${at} FATAL:  database files are incompatible with server`),
        output('postgres', `${at} DETAIL:  The data directory was initialized by PostgreSQL version 16.`),
      ),
    ).toBe(
      'database files are incompatible with server (The data directory was initialized by PostgreSQL version 16.)',
    );
    expect(
      causeOf(
        output('postgres', `${at} LOG:  invalid value for parameter "TimeZone": "Mars/Olympus"`),
        output('postgres', `${at} FATAL:  configuration file "/pg/postgresql.conf" contains errors`),
      ),
    ).toBe('invalid value for parameter "TimeZone": "Mars/Olympus"');
  });

  it('a fatal record of the server, and its detail, but not its hint', () => {
    const hint = 'If you are restoring from a backup, touch "/pgdata/recovery.signal".\nIf you are not, try another.';
    const lost = 'could not locate required checkpoint record';
    expect(causeOf(record('startup', 'FATAL', 'XX000', lost, { hint }))).toBe(lost);
    expect(
      causeOf(record('startup', 'PANIC', 'XX000', 'could not locate a valid checkpoint record', { detail: 'At 0/1.' })),
    ).toBe('could not locate a valid checkpoint record (At 0/1.)');
    // In the form of 1.17, absent columns are empty, and the pod has another key.
    const old = { level: 'info', ts: 1619781249.7188137, logger: 'postgres', msg: 'record', logging_podName: pod };
    const columns = { error_severity: 'FATAL', message: 'out of room', detail: '', hint: '', backend_type: 'startup' };
    expect(causeOf(JSON.stringify({ ...old, record: columns }))).toBe('out of room');
  });

  it('not what ends the connection of a client or of a replica, as of the probes during a start', () => {
    const full = 'could not write to file "pg_wal/xlogtemp.31": No space left on device';
    const refused = record('walreceiver', 'FATAL', '08006', 'could not connect to the primary server');
    const login = record('client backend', 'FATAL', '28P01', 'password authentication failed for user "app"', client);
    expect(causeOf(record('startup', 'PANIC', '53100', full), probe, login, refused, probe)).toBe(full);
    expect(causeOf(probe, login, refused)).toBeUndefined();
  });

  it('not the parameter that a client has set, nor words of its statement', () => {
    const wrong = 'invalid value for parameter "work_mem": "lots"';
    expect(causeOf(record('client backend', 'ERROR', '22023', wrong, client))).toBeUndefined();
    expect(
      causeOf(record('client backend', 'LOG', '00000', 'statement: SELECT $$FATAL: no$$', client)),
    ).toBeUndefined();
  });

  it('what initdb logs, in one message of several lines', () => {
    const msg =
      'The files will be owned by user "postgres".\ninitdb: error: could not create directory "/pg": Read-only';
    expect(causeOf(output('initdb', msg))).toBe('could not create directory "/pg": Read-only');
    expect(causeOf(output('initdb', 'initdb: could not look up effective user ID 26: user does not exist\n'))).toBe(
      'could not look up effective user ID 26: user does not exist',
    );
    expect(causeOf(output('pg_ctl', `waiting for server to start....${at} FATAL:  out of room`))).toBe('out of room');
  });

  it('the last error of the instance manager, if PostgreSQL has logged nothing', () => {
    const missing = 'stat /var/lib/postgresql/data/pgdata: no such file or directory';
    const waiting = failure('Error waiting on the PostgreSQL process', missing);
    expect(causeOf(waiting)).toBe(`Error waiting on the PostgreSQL process: ${missing}`);
    expect(causeOf(waiting, output('postgres', `${at} FATAL:  out of room`))).toBe('out of room');
    expect(causeOf()).toBeUndefined();
  });
});

describe('a line', () => {
  it.each([
    '{"level":"info","msg":"2026 FATAL:  cut of',
    '[1,2]',
    'null',
    '{"msg":7}',
    '{"record":7,"msg":null}',
    '{}',
  ])('of an unknown form is read: %s', (line) => expect(entriesOf(line)).toHaveLength(1));
});
