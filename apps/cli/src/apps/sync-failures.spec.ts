import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { answer } from '../../test/fake-gateway.js';
import { json, usePulledApp } from '../../test/pulled-app.js';
import { job, sendEvents } from '../../test/sample-job.js';
import { jobOf, type Obstacles, serveModel } from '../../test/serve-model.js';

const app = usePulledApp();
const { at, diff, edit, editAll, read, sync, syncFile, writesOf, written } = app;

describe('apps sync ends with one readable error', () => {
  /** Another user changes the app. */
  const changeBehind = () => {
    app.model.write('PATCH', '', { image: 'ghcr.io/acme/shop:9', requires: {} });
    const revision = (number: number) => ({
      revision: number,
      generation: number + 6,
      createdAt: new Date().toISOString(),
    });
    app.gateway.reply('GET /acme1/lab01/apps/k3v9q/revisions', { revisions: [7, 6, 5].map(revision) });
    app.gateway.reply('GET /acme1/lab01/apps/k3v9q/revisions/6/diff', {
      changes: [{ field: 'image' }, { field: 'env.A' }],
    });
  };
  const served = (obstacles: Obstacles) => serveModel(app.gateway, app.model, obstacles);

  it('for a plan that is stale: who changed what, and when', async () => {
    editAll();
    app.gateway.reply('PATCH /acme1/lab01/apps/k3v9q', (_request, response) => {
      changeBehind();
      const details = { generation: 13, changedBy: 'grace@example.com' };
      answer(response, 412, { error: 'Stale.', code: 'conflict.stale', traceId: 't1', ...details });
    });
    expect(await sync()).toMatchObject({
      exitCode: 1,
      stderr: `Error: shop was changed by grace@example.com 0s ago (generation 12 → 13: image, env.A). Nothing was applied.
  Do      runos apps diff, then runos apps sync again
  Trace   t1
`,
    });
  });

  it('for a change between two writes, which is not overwritten', async () => {
    editAll();
    served({});
    app.gateway.reply('POST /acme1/lab01/apps/k3v9q/env-vars', (_request, response) => {
      changeBehind();
      answer(response, 412, {
        error: 'Stale.',
        code: 'conflict.stale',
        generation: 14,
        changedBy: 'grace@example.com',
      });
    });
    const result = await sync(' --json');
    expect([result.exitCode, json(result)]).toEqual([
      1,
      expect.objectContaining({
        error: expect.stringMatching(
          /^shop was changed by grace@example\.com.*generation 13 → 14.* Applied: yaml\. Not applied: env; override probe; override new\.$/,
        ),
        applied: [{ name: 'yaml', method: 'PATCH', jobId: jobOf(1) }],
        notApplied: ['env', 'override probe', 'override new'],
        statusCode: 412,
      }),
    ]);
  });

  it.each<[string, number, object, Record<string, string>, RegExp]>([
    [
      'an expired key',
      401,
      { error: 'Invalid token', reason: 'expired' },
      {},
      /does not accept your key: Invalid token \(expired\)/,
    ],
    [
      'a missing right',
      403,
      { error: 'This needs the role editor.', code: 'auth.forbidden' },
      {},
      /This needs the role editor/,
    ],
    [
      'an app that is gone',
      404,
      { error: 'There is no app k3v9q.', code: 'app.not_found' },
      {},
      /There is no app k3v9q/,
    ],
    [
      'a limit',
      429,
      { error: 'Too many requests.', code: 'limit.exceeded' },
      { 'retry-after': '900' },
      /Too many requests/,
    ],
  ])('for %s after the second write', async (_, status, body, headers, message) => {
    editAll();
    served({ 3: (_request, response) => answer(response, status, body, headers) });
    const { exitCode, stderr } = await sync();
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(message)]);
    expect(stderr).toContain('Applied: yaml; env. Not applied: override probe; override new.\n');
    expect(stderr).toContain('runos apps sync again finishes it');
    expect(stderr.match(/Error:/g)).toHaveLength(1);
    served({});
    expect((await sync()).exitCode).toBe(0);
    expect((await diff()).exitCode).toBe(0);
  });

  it('for a server that is not available longer than it is waited for, and waits for one that is', async () => {
    editAll();
    const busy =
      (seconds: string): Obstacles[number] =>
      (_request, response) =>
        answer(response, 503, { error: 'Busy.', code: 'unavailable' }, { 'retry-after': seconds });
    served({ 2: busy('900') });
    const { exitCode, stderr } = await sync();
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringContaining('Busy. Applied: yaml. Not known: env. Not applied: override probe; override new.'),
    ]);
    served({ 1: busy('0') });
    const waited = await sync();
    expect([waited.exitCode, waited.stderr]).toEqual([0, expect.stringContaining('Trying again in 0 s')]);
    const keys = written().map(({ headers }) => headers['idempotency-key']);
    expect(keys.at(-4)).toBe(keys.at(-3));
  });

  it('for a connection that is cut after the second write, and finishes when it is repeated', async () => {
    editAll();
    served({
      4: (request, response) => {
        app.model.write(request.method, '/overrides', request.body as Readonly<Record<string, unknown>>);
        response.destroy();
      },
    });
    const { exitCode, stderr } = await sync();
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringMatching(/Cannot reach .*Applied: yaml; env; override probe\. Not known: override new\.\n/),
    ]);
    expect(read('runos.yaml')).not.toContain('id: o-1');
    served({});
    const again = await sync();
    expect([again.exitCode, again.stdout]).toEqual([0, expect.stringContaining('Nothing to sync.')]);
    expect(read('runos.yaml')).toContain('id: o-1');
    expect(app.model.shown.overrides).toHaveLength(2);
  });

  it('for a job that fails, without the writes after it', async () => {
    editAll();
    app.gateway.reply(`GET /jobs/${jobOf(1)}/stream`, (_request, response) => {
      sendEvents(response, [['job', { ...job('failed', { error: 'The image does not exist.' }), id: jobOf(1) }]]);
      response.end();
    });
    const { exitCode, stderr } = await sync(' --follow');
    expect([exitCode, writesOf()]).toEqual([1, ['PATCH ']]);
    expect(stderr).toContain(
      'The image does not exist. Applied: yaml. Not applied: env; override probe; override new.',
    );
  });

  it('for a user who stops following: the job goes on, and the other writes are missing', async () => {
    editAll();
    app.gateway.reply(`GET /jobs/${jobOf(1)}/stream`, (_request, response) => {
      sendEvents(response, [['job', { ...job('running'), id: jobOf(1) }]]);
      setTimeout(() => app.home.interrupt(), 100);
    });
    const stopped = await sync(' --follow --json');
    expect([stopped.exitCode, json(stopped)]).toEqual([
      130,
      expect.objectContaining({
        error: `Stopped following. The job goes on: runos follow ${jobOf(1)} Applied: yaml. Not applied: env; override probe; override new.`,
        remedy: 'runos apps sync again finishes it',
      }),
    ]);
  });

  it('for files that are wrong, before anything is written', async () => {
    const text = read('runos.yaml');
    const wrong: readonly [string, RegExp][] = [
      [text.replace('app: shop\n', 'app: shop\nreplica: 2\n'), /replica.*did you mean[^]*line 2, column 1/i],
      [text.replace(/^id: .*\n/m, ''), /has no id[^]*runos apps add -f/],
      [text.replace('aid: acme1', 'aid: other'), /is of account other/],
      [text.replace(/^ {8}id: p7x2m\n/m, ''), /requires\.db\.id is missing/],
      [text.replace('probe.yaml', 'gone.yaml'), /gone\.yaml, which does not exist/],
    ];
    for (const [content, message] of wrong) {
      writeFileSync(at('runos.yaml'), content);
      expect(await syncFile()).toMatchObject({
        exitCode: 1,
        stderr: expect.stringMatching(message),
      });
    }
    writeFileSync(at('runos.yaml'), text.replace(/^id: .*\n/m, ''));
    expect((await sync()).stderr).toContain('Do      create it: runos apps add -f runos.yaml');
    writeFileSync(at('runos.yaml'), text);
    edit('runos.lab01.k3v9q.config.env', 'LOG_LEVEL', 'API_KEY');
    const { stderr } = await sync();
    expect(stderr).toContain('env.API_KEY is also in the file of secret variables');
    expect(stderr).not.toMatch(/key-one/);
    expect(written()).toEqual([]);
  });

  it('for a file that cannot take the id of an override, before anything is written', async () => {
    editAll();
    const text = read('runos.yaml');
    writeFileSync(join(app.home.folder, 'elsewhere.yaml'), text);
    rmSync(at('runos.yaml'));
    symlinkSync(join(app.home.folder, 'elsewhere.yaml'), at('runos.yaml'));
    expect(await syncFile()).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('it is a symbolic link'),
    });
    expect(written()).toEqual([]);
  });
});
