import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { JobLog, JobStatus, WorkItem } from '@runos/api';
import { identity, jobs } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { aid, job, jobId, logLine, principal, token, workItem } from '../../test/sample-answers.js';
import { type Asked, type SpecPlane, specPlane } from '../../test/spec-plane.js';
import { EventReader } from '../../test/event-reader.js';

let plane: SpecPlane;
beforeAll(async () => {
  plane = await specPlane({ streamsPerToken: 2 });
});
afterAll(() => plane.stop());

/** A job as the service behind the gateway knows it. */
let status: JobStatus;
let items: WorkItem[];
let logs: JobLog[];
const open: EventReader[] = [];

beforeEach(async () => {
  await Promise.all(open.splice(0).map((stream) => stream.close()));
  plane.reset();
  status = 'running';
  items = [workItem(1, 'running'), workItem(2, 'pending')];
  logs = [logLine(1, 1)];
  plane.answer('jobs.v1.show', () => ({ ...job, status }));
  plane.answer('jobs.v1.workitems', () => ({ jobId, workItems: items, hasMore: false }));
  plane.answer('jobs.v1.logs', ({ input }: Asked) => {
    const { workItemId, after } = input as { workItemId: string; after?: string };
    const lines = logs.filter((line) => line.workItemId === workItemId && Number(line.id) > Number(after ?? 0));
    return { workItemId, logs: lines.slice(0, 2), nextCursor: lines.at(1)?.id ?? after ?? null };
  });
});

const changed = () =>
  plane.service('jobs').bus.publish(jobs.jobChanged, { id: jobId, aid, seq: 2, status }, { tenant: aid });

async function follow(lastEventId?: string): Promise<EventReader> {
  const headers = { authorization: `Bearer ${token}`, ...(lastEventId ? { 'last-event-id': lastEventId } : {}) };
  const stream = await EventReader.open(`${plane.url}/jobs/${jobId}/stream`, headers);
  open.push(stream);
  return stream;
}

const complete = () => {
  status = 'completed';
  items = [workItem(1, 'completed'), workItem(2, 'completed')];
  logs = [logLine(1, 1), logLine(1, 2), logLine(1, 3), logLine(2, 4)];
};

describe('GET /jobs/:id/stream', () => {
  it('sends what is, then what changes, and closes after the job that says how it ended', async () => {
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

  it('resumes after any event without a gap or a repetition', async () => {
    complete();
    const all = await (await follow()).rest();
    expect(all.length).toBe(7);
    for (const [index, { id }] of all.slice(0, -1).entries()) {
      expect((await (await follow(id)).rest()).map((event) => event.id)).toEqual(
        all.slice(index + 1).map((event) => event.id),
      );
    }
  });

  it('tells a client that has seen everything not to come again', async () => {
    complete();
    const all = await (await follow()).rest();
    const { status: answered } = await plane.send('GET', `/jobs/${jobId}/stream`, {
      headers: { 'last-event-id': String(all.at(-1)?.id) },
    });
    expect(answered).toBe(204);
  });

  it('starts over for a cursor that is not ours', async () => {
    complete();
    expect((await (await follow('nonsense')).rest()).length).toBe(7);
  });

  it('goes on when the job cannot be read for a while', async () => {
    const stream = await follow();
    for (let seen = 0; seen < 4; seen += 1) await stream.next();
    plane.answer('jobs.v1.workitems', () => {
      throw new Fault('unavailable', 'away');
    });
    await changed();
    expect(await stream.comment()).toContain('cannot be read');
    plane.answer('jobs.v1.workitems', () => ({ jobId, workItems: items, hasMore: false }));
    complete();
    await changed();
    expect((await stream.rest()).at(-1)).toMatchObject({ event: 'job', data: { status: 'completed' } });
  });

  it('ends when the access of its caller changes', async () => {
    const stream = await follow();
    for (let seen = 0; seen < 4; seen += 1) await stream.next();
    await plane.service('identity').bus.publish(identity.accessChanged, { keyIds: [principal.keyId], userIds: [] });
    expect(await stream.rest()).toEqual([]);
  });

  it('refuses more streams of one token than allowed, and counts those that ended no more', async () => {
    const [first] = [await follow(), await follow()];
    const third = await plane.send('GET', `/jobs/${jobId}/stream`);
    expect([third.status, third.body['limit'], third.body['value']]).toEqual([429, 'streamsPerToken', 2]);
    complete();
    await changed();
    await first.rest();
    await open[1].rest();
    expect((await (await follow()).rest()).length).toBe(7);
  });

  it('refuses before it begins what cannot be followed', async () => {
    plane.answer('jobs.v1.show', () => {
      throw new Fault('job.not_found', 'No such job.');
    });
    expect((await plane.send('GET', `/jobs/${jobId}/stream`)).status).toBe(404);
  });
});
