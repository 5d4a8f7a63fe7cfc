import { expect, it } from '@jest/globals';
import { RecordedHistory } from './recorded-history.js';

const jobsOf = (...statuses: string[]) => ({ jobs: statuses.map((status, n) => ({ id: `${n}`, status })) });

it('of equal reads in a row, the first and the last are kept', () => {
  const history = new RecordedHistory();
  const record = (from: number, path: string, status: string) =>
    history.record({ client: 'observer', method: 'GET', path, from, attempts: 1, status: 200, response: { status } });
  record(1, '/a', 'pending');
  record(2, '/a', 'pending');
  record(3, '/b', 'pending');
  record(4, '/a', 'pending');
  record(5, '/a', 'running');
  record(6, '/a', 'pending');
  expect(history.operations.map(({ path, from }) => [path, from])).toEqual([
    ['/a', 1],
    ['/a', 4],
    ['/b', 3],
    ['/a', 5],
    ['/a', 6],
  ]);
});

it('every write is kept, and equal entries of lists are stored once', () => {
  const history = new RecordedHistory();
  const write = { client: 'load', method: 'POST', path: '/a', from: 0, attempts: 1, status: 202, response: {} };
  history.record(write);
  history.record(write);
  history.record({ ...write, method: 'GET', status: 200, response: jobsOf('running', 'pending') });
  history.record({ ...write, method: 'GET', status: 200, response: jobsOf('running', 'completed') });
  expect(history.operations).toHaveLength(4);
  const [first, second] = history.operations
    .slice(2)
    .map(({ response }) => (response as ReturnType<typeof jobsOf>).jobs);
  expect(second?.[0]).toBe(first?.[0]);
  expect(second?.map(({ status }) => status)).toEqual(['running', 'completed']);
});
