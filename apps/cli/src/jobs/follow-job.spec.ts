import { setTimeout as delay } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { waitUntil } from '@runos/testing-process';
import { answer, type FakeGateway } from '../../test/fake-gateway.js';
import type { CliHome, MemoryTerminalOptions } from '../../test/memory-terminal.js';
import { sampleCatalog } from '../../test/sample-catalog.js';
import { job, jobId, jobLog, sendEvents, workItem } from '../../test/sample-job.js';
import { useFakeGateway } from '../../test/use-fake-gateway.js';

let gateway: FakeGateway;
let home: CliHome;
useFakeGateway((started) => {
  ({ gateway, home } = started);
});

const run = (argv: string, options: MemoryTerminalOptions = {}) =>
  home.run(argv.split(' '), {
    ...options,
    env: { RUNOS_API_URL: gateway.url, RUNOS_API_KEY: 'key1', RUNOS_ACCOUNT_ID: 'a1', RUNOS_CLUSTER_ID: 'demo' },
  });
const stream = `GET /jobs/${jobId}/stream`;
const events = (status: string, more: object = {}) =>
  [
    ['job', job('running')],
    ['workitem', workItem(1, 'validate', 'completed')],
    ['workitem', workItem(2, 'apply', 'running')],
    ['log', jobLog(2, 'Namespace: ready')],
    ['workitem', workItem(2, 'apply', status === 'completed' ? 'completed' : 'failed')],
    ['job', job(status, more)],
  ] as const;
const streamed = (status: string, more: object = {}) =>
  gateway.reply(stream, (_request, response) => {
    sendEvents(response, events(status, more));
    response.end();
  });

describe('follow', () => {
  it('prints each change of a step as a line with its time where there is no terminal', async () => {
    streamed('completed');
    for (const argv of [`follow ${jobId}`, `jobs follow ${jobId}`]) {
      const { exitCode, stdout, stderr } = await run(argv);
      expect([exitCode, stdout]).toEqual([0, '']);
      expect(stderr.split('\n').map((line) => line.replace(/^\d{4}-\S+Z /, '> '))).toEqual([
        '> validate: completed',
        '> apply: running',
        '> apply: running · Namespace: ready',
        '> apply: completed · Namespace: ready',
        '> ✓ service.create of postgresql-o0i2a completed (9.0s)',
        '',
      ]);
    }
  });

  it('draws the steps on a terminal, no line wider than it', async () => {
    streamed('completed');
    const { exitCode, stderr } = await run(`follow ${jobId}`, { columns: 40 });
    expect(exitCode).toBe(0);
    expect(stripVTControlCharacters(stderr)).toMatch(/✓ apply {12}2\.0s {3}Namespace:…\n/);
    expect(stderr).toMatch(/completed \(9\.0s\)\n$/);
  });

  it('prints the ended job as one document, in one format', async () => {
    streamed('completed');
    const { stdout } = await run(`follow ${jobId} --json`);
    expect(JSON.parse(stdout)).toMatchObject({ id: jobId, status: 'completed' });
    const inYaml = await run(`follow ${jobId} -o yaml`);
    expect(parse(inYaml.stdout)).toEqual(JSON.parse(stdout));
    expect(await run(`follow ${jobId} --json -o yaml`)).toMatchObject({
      exitCode: 64,
      stdout: expect.stringContaining('cannot be used with'),
    });
  });

  it('exits 1 with the reason when the job fails or is cancelled', async () => {
    streamed('failed', { error: 'No node has 2 GiB left.', reason: 'Unschedulable' });
    expect(await run(`follow ${jobId}`)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining(
        `Error: The job failed: No node has 2 GiB left.\n  Do      runos jobs show ${jobId}\n`,
      ),
    });
    streamed('cancelled');
    expect((await run(`follow ${jobId}`)).exitCode).toBe(1);
    const supersededBy = jobId.replace(/^./, 'f');
    streamed('cancelled', { supersededBy });
    expect((await run(`follow ${jobId}`)).stderr).toContain(`  Do      runos follow ${supersededBy}\n`);
  });

  it('goes on where a broken connection ended', async () => {
    gateway.reply(stream, ({ headers }, response) => {
      if (headers['last-event-id'] === undefined) {
        sendEvents(response, events('completed').slice(0, 3));
        setTimeout(() => response.destroy(), 50);
      } else {
        sendEvents(response, events('completed').slice(3), 4);
        response.end();
      }
    });
    const { exitCode, stderr } = await run(`follow ${jobId}`);
    expect([exitCode, stderr.match(/validate: completed/g)?.length]).toEqual([0, 1]);
    expect(gateway.received.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '3']);
  });

  it('reads the job again and again on servers without the stream', async () => {
    let count = 0;
    gateway.reply(`GET /jobs/${jobId}`, (_request, response) =>
      answer(response, 200, job(++count > 1 ? 'completed' : 'running')),
    );
    gateway.reply(`GET /jobs/${jobId}/workitems`, { workItems: [workItem(1, 'apply', 'completed')] });
    gateway.reply(`GET /jobs/${jobId}/workitems/step-1/logs`, { logs: [jobLog(1, 'done')], nextCursor: '1' });
    const { exitCode, stderr } = await run(`follow ${jobId}`);
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining('apply: completed · done')]);
    expect(gateway.received.filter(({ url }) => url.endsWith('?after=1'))).toHaveLength(1);
  });

  it('leaves the job running at Ctrl-C, and prints how to follow it', async () => {
    gateway.reply(stream, (_request, response) => sendEvents(response, events('completed').slice(0, 3)));
    const running = run(`follow ${jobId}`);
    await waitUntil(() => gateway.received.length > 0, { deadlineMs: 10_000, because: () => 'it is not followed' });
    await delay(100);
    home.interrupt();
    const { exitCode, stderr } = await running;
    expect([exitCode, stderr]).toEqual([
      130,
      expect.stringMatching(new RegExp(`Stopped following. The job goes on: runos follow ${jobId}\n$`)),
    ]);
    expect(stderr).not.toContain('Error');
  });

  it('refuses what is no id of a job, and names a job that does not exist', async () => {
    expect((await run('follow x')).exitCode).toBe(64);
    gateway.reply(stream, (_request, response) =>
      answer(response, 404, { error: 'No such job.', code: 'job.not_found' }),
    );
    expect(await run(`follow ${jobId}`)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('No such job.'),
    });
  });
});

describe('--follow', () => {
  beforeEach(() => {
    gateway.reply('GET /a1/cli/manifest', sampleCatalog);
    gateway.reply('POST /a1/demo/services/postgresql', {
      id: 'o0i2a',
      osid: 'postgresql-o0i2a',
      name: 'orders',
      jobId,
    });
    streamed('completed');
  });

  it('prints one document of the answer with its job', async () => {
    const inJson = await run('services postgresql add --name orders --follow --json');
    expect(JSON.parse(inJson.stdout)).toMatchObject({ id: 'o0i2a', job: { id: jobId, status: 'completed' } });
    const inYaml = await run('services postgresql add --name orders --follow -o yaml');
    expect(parse(inYaml.stdout)).toEqual(JSON.parse(inJson.stdout));
  });

  it('prints the answer, and follows its job', async () => {
    const { exitCode, stdout, stderr } = await run('services postgresql add --name orders --follow');
    expect([exitCode, stdout.split('\n')[0]]).toEqual([0, 'orders · postgresql-o0i2a']);
    expect(stderr).toContain('completed (9.0s)');
    expect(stderr).toMatch(/Credentials {2}runos services postgresql credentials o0i2a\n/);
    expect(stderr).not.toContain('runos follow');
  });

  it('prints answer and job as one document', async () => {
    const { stdout } = await run('services postgresql add --name orders --follow --json');
    expect(JSON.parse(stdout)).toMatchObject({ name: 'orders', jobId, job: { status: 'completed' } });
  });
});

describe('logs --follow', () => {
  const entry = (message: string) => ({
    timestamp: '2030-01-01T00:00:00Z',
    podName: 'p-0',
    containerName: 'c',
    message,
  });
  const lines = (...entries: object[]) => entries.map((one) => `${JSON.stringify(one)}\n`).join('');
  const path = '/a1/demo/services/postgresql/o0i2a/logs';

  it('prints lines as they come, and why the log has ended', async () => {
    gateway.reply(`GET ${path}`, (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/x-ndjson; charset=utf-8' });
      response.write(lines(entry('one'), entry('two')).slice(0, 120));
      setTimeout(() => {
        const reason = { ...entry('The agent is disconnected.'), containerName: '<diagnostic>' };
        response.end(lines(entry('one'), entry('two')).slice(120) + lines(reason));
      }, 50);
    });
    const { exitCode, stdout, stderr } = await run('logs postgresql-o0i2a --follow');
    expect([exitCode, stdout]).toEqual([0, '2030-01-01T00:00:00Z [p-0] one\n2030-01-01T00:00:00Z [p-0] two\n']);
    expect(stderr).toBe('Warning: The agent is disconnected.\n');
    expect(gateway.received[0]?.headers.accept).toBe('application/x-ndjson');
  });

  it('stops at Ctrl-C', async () => {
    gateway.reply(`GET ${path}`, (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/x-ndjson' });
      response.write(lines(entry('one')));
    });
    const running = run('logs postgresql-o0i2a --follow --json');
    await waitUntil(() => gateway.received.length > 0, { deadlineMs: 10_000, because: () => 'it is not followed' });
    await delay(200);
    home.interrupt();
    const { exitCode, stdout, stderr } = await running;
    expect([exitCode, JSON.parse(stdout), stderr]).toEqual([130, entry('one'), '']);
  });

  it('reports why the server refuses', async () => {
    gateway.reply(`GET ${path}`, (_request, response) => answer(response, 403, { error: 'This needs another role.' }));
    expect(await run('logs postgresql-o0i2a --follow')).toMatchObject({
      exitCode: 1,
      stderr: 'Error: This needs another role.\n',
    });
  });
});
