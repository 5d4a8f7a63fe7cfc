import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { JobLog, JobStatus, WorkItem } from '@runos/api';
import { identity, jobs } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { aid, job, jobId, logLine, principal, token, workItem } from '../../test/sample-replies.js';
import { type ReceivedRequest, type GatewayHarness, startHarness } from '../../test/harness.js';
import { EventStreamReader } from '../../test/event-stream-reader.js';

let harness: GatewayHarness;
beforeAll(async () => {
  harness = await startHarness({ streamsPerToken: 2 });
});
afterAll(() => harness.stop());

/** The job that the jobs service replies with. */
let status: JobStatus;
let items: WorkItem[];
let logs: JobLog[];
const open: EventStreamReader[] = [];

beforeEach(async () => {
  await Promise.all(open.splice(0).map((stream) => stream.close()));
  harness.reset();
  status = 'running';
  items = [workItem(1, 'running'), workItem(2, 'pending')];
  logs = [logLine(1, 1)];
  harness.reply('jobs.v1.show', () => ({ ...job, status }));
  harness.reply('jobs.v1.workitems', () => ({ jobId, workItems: items, hasMore: false }));
  harness.reply('jobs.v1.logs', ({ input }: ReceivedRequest) => {
    const { workItemId, after } = input as { workItemId: string; after?: string };
    const lines = logs.filter((line) => line.workItemId === workItemId && Number(line.id) > Number(after ?? 0));
    return { workItemId, logs: lines.slice(0, 2), nextCursor: lines.at(1)?.id ?? after ?? null };
  });
});

const changed = () =>
  harness.service('jobs').bus.publish(jobs.jobChanged, { id: jobId, aid, seq: 2, status }, { tenant: aid });

async function follow(lastEventId?: string): Promise<EventStreamReader> {
  const headers = { authorization: `Bearer ${token}`, ...(lastEventId ? { 'last-event-id': lastEventId } : {}) };
  const stream = await EventStreamReader.open(`${harness.url}/jobs/${jobId}/stream`, headers);
  open.push(stream);
  return stream;
}

const complete = () => {
  status = 'completed';
  items = [workItem(1, 'completed'), workItem(2, 'completed')];
  logs = [logLine(1, 1), logLine(1, 2), logLine(1, 3), logLine(2, 4)];
};

describe('GET /jobs/:id/stream', () => {
  it('sends the current state, then changes, and closes after the final job event', async () => {
    const stream = await follow();
    expect(stream.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(await stream.next()).toMatchObject({ event: 'job', data: { id: jobId, status: 'running' } });
    expect(await stream.next()).toMatchObject({ event: 'workitem', data: items[0] });
    expect(await stream.next()).toMatchObject({ event: 'log', data: logs[0] });
    expect(await stream.next()).toMatchObject({ event: 'workitem', data: items[1] });
    complete();
    await changed();
    const rest = await stream.rest();
    expect(rest.map(({ event, data }) => [event, data['message'] ?? data['status']])).toEqual([
      ['workitem', 'completed'],
      ['log', 'line 2'],
      ['log', 'line 3'],
      ['workitem', 'completed'],
      ['log', 'line 4'],
      ['job', 'completed'],
    ]);
  });

  it('resumes after any event without gap or repetition', async () => {
    complete();
    const all = await (await follow()).rest();
    expect(all.length).toBe(7);
    for (const [index, { id }] of all.slice(0, -1).entries()) {
      expect((await (await follow(id)).rest()).map((event) => event.id)).toEqual(
        all.slice(index + 1).map((event) => event.id),
      );
    }
  });

  it('answers 204 to a client that has received everything', async () => {
    complete();
    const all = await (await follow()).rest();
    const { status: responseStatus } = await harness.send('GET', `/jobs/${jobId}/stream`, {
      headers: { 'last-event-id': String(all.at(-1)?.id) },
    });
    expect(responseStatus).toBe(204);
  });

  it('starts from the beginning for an invalid cursor', async () => {
    complete();
    expect((await (await follow('nonsense')).rest()).length).toBe(7);
  });

  it('continues after the job was temporarily unavailable', async () => {
    const stream = await follow();
    for (let count = 0; count < 4; count += 1) await stream.next();
    harness.reply('jobs.v1.workitems', () => {
      throw new Fault('unavailable', 'away');
    });
    await changed();
    expect(await stream.comment()).toContain('temporarily unavailable');
    harness.reply('jobs.v1.workitems', () => ({ jobId, workItems: items, hasMore: false }));
    complete();
    await changed();
    expect((await stream.rest()).at(-1)).toMatchObject({ event: 'job', data: { status: 'completed' } });
  });

  it('ends when the access of its caller changes', async () => {
    const stream = await follow();
    for (let count = 0; count < 4; count += 1) await stream.next();
    await harness.service('identity').bus.publish(identity.accessChanged, { keyIds: [principal.keyId], userIds: [] });
    expect(await stream.rest()).toEqual([]);
  });

  it('limits the open streams of one token', async () => {
    const [first] = [await follow(), await follow()];
    const third = await harness.send('GET', `/jobs/${jobId}/stream`);
    expect([third.status, third.body['limit'], third.body['value']]).toEqual([429, 'streamsPerToken', 2]);
    complete();
    await changed();
    await first.rest();
    await open[1]?.rest();
    expect((await (await follow()).rest()).length).toBe(7);
  });

  it('answers errors before the stream starts', async () => {
    harness.reply('jobs.v1.show', () => {
      throw new Fault('job.not_found', 'No such job.');
    });
    expect((await harness.send('GET', `/jobs/${jobId}/stream`)).status).toBe(404);
  });
});
