import { describe, expect, it } from '@jest/globals';
import { type InputOf, reconciler } from '@runos/contracts';
import type { KubeObject } from '@runos/kube-objects';
import { createHash } from 'node:crypto';
import { type Harness, type Instance, useHarness } from './harness.js';

type Change = InputOf<typeof reconciler.changeEnvironment>['change'];

const bytes = Buffer.from([0, 255, 13, 10, 128]);
const file = { filename: 'ca cert.pem', mountPath: '/etc/ssl/ca.pem', content: bytes.toString('base64') };
const secret = 'pä$$\r\nwörd 🔑';

describe('the environment of an app', () => {
  let harness: Harness;
  useHarness((started) => (harness = started));

  const create = () => harness.create('app', { image: 'ghcr.io/acme/shop:1.4' });
  const change = async ({ cid, id }: Instance, what: Change, options: object = {}) =>
    harness.request(reconciler.changeEnvironment, { cid, id, change: what, ...options });
  const ended = async (answer: object) => {
    if (!('jobId' in answer)) throw new Error(`no job: ${JSON.stringify(answer)}`);
    return (await harness.jobs.ended(String(answer.jobId))).job;
  };
  const objectOf = (osid: string, kind: string, suffix = ''): KubeObject | undefined =>
    harness.agent
      .bundleOf(osid)
      .objects.find((object) => object.kind === kind && object.metadata.name === `${osid}${suffix}`);
  const templateOf = (osid: string) => JSON.stringify(objectOf(osid, 'Deployment')?.['spec']);

  it('is returned byte for byte, and reaches the objects', async () => {
    const one = await create();
    const { cid, id, osid } = one;
    const before = templateOf(osid);
    const envVars = { MODE: 'fast', EMPTY: '', UNICODE: 'ü\r\n\t"\\' };
    const job = await ended(await change(one, { envVars, secretEnvVars: { TOKEN: secret }, add: [file] }));
    expect(job).toMatchObject({ type: 'app.env.update', status: 'completed' });
    expect((await harness.request(reconciler.showVariables, { cid, id })).body).toEqual({ envVars });
    expect((await harness.request(reconciler.showSecretVariables, { cid, id })).body).toEqual({
      envVars: { TOKEN: secret },
    });
    const md5 = createHash('md5').update(bytes).digest('hex');
    const { content, ...entry } = { ...file, md5 };
    expect((await harness.request(reconciler.listSecretFiles, { cid, id })).body).toEqual({ files: [entry] });
    const { body: shown } = await harness.request(reconciler.showSecretFile, { cid, id, filename: file.filename });
    expect(shown).toEqual({ ...entry, content });
    expect(objectOf(osid, 'ConfigMap', '-user-env-vars')).toMatchObject({ data: envVars });
    const encoded = Buffer.from(secret, 'utf8').toString('base64');
    expect(objectOf(osid, 'Secret', '-user-secret-env-vars')).toMatchObject({ data: { TOKEN: encoded } });
    expect(Object.values(objectOf(osid, 'Secret', '-secret-files')?.['data'] ?? {})).toEqual([content]);
    expect(templateOf(osid)).not.toBe(before);
    expect(await change(one, { envVars })).toMatchObject({ osid, noOp: true });
  });

  it('is in no job, event, revision or row in the clear', async () => {
    const one = await create();
    const marked = 'clearly-secret-value';
    const content = Buffer.from('clearly-secret-file').toString('base64');
    await ended(await change(one, { secretEnvVars: { TOKEN: marked }, add: [{ filename: 'a', content }] }));
    await ended(await change(one, { secretEnvVars: { TOKEN: `${marked}2` } }));
    const shown = await harness.request(reconciler.showInstanceRevision, { ...one, revision: 2 });
    expect(shown.fields).toMatchObject({ 'secretEnv.TOKEN': expect.stringMatching(/^secret [0-9a-f]{8}$/) });
    const diff = await harness.request(reconciler.diffInstanceRevision, { ...one, revision: 2, to: 3 });
    expect(diff.changes.map(({ field }) => field)).toEqual(['secretEnv.TOKEN']);
    const rows = await harness.sql<{ row: string }>(
      `SELECT to_jsonb(r)::text AS row FROM revision r UNION ALL SELECT to_jsonb(j)::text FROM job_log j
       UNION ALL SELECT to_jsonb(e)::text FROM instance_event e UNION ALL SELECT to_jsonb(o)::text FROM outbox o`,
    );
    const everything = JSON.stringify([rows, shown, diff]);
    for (const value of [marked, content, 'clearly-secret-file']) expect(everything).not.toContain(value);
  });

  it('keeps what a request does not name, and drops variables with consent only', async () => {
    const one = await create();
    await ended(await change(one, { envVars: { A: '1' }, secretEnvVars: { B: '2', C: '3' }, add: [file] }));
    const issuesOf = (what: Change) =>
      change(one, what).then(
        (answer) => answer,
        (error: { code: string; details: unknown }) => ({ code: error.code, ...(error.details as object) }),
      );
    expect(await issuesOf({ secretEnvVars: { B: '2' } })).toMatchObject({
      code: 'request.invalid',
      issues: [{ path: 'secretEnvVars', message: 'would remove C; allow that with allowDrop' }],
    });
    expect(await issuesOf({ envVars: {} })).toMatchObject({ issues: [{ path: 'envVars' }] });
    expect(await issuesOf({ envVars: { B: 'x' } })).toMatchObject({ issues: [{ path: 'envVars.B' }] });
    expect(await issuesOf({ secretEnvVars: { A: 'x', B: '', C: '' } })).toMatchObject({
      issues: [{ path: 'secretEnvVars.A' }],
    });
    const other = { ...file, filename: 'other' };
    expect(await issuesOf({ remove: ['none'], add: [other, other] })).toMatchObject({
      issues: [{ path: 'remove[0]' }, { path: 'add[0].mountPath' }, { path: 'add[1]' }, { path: 'add[1].mountPath' }],
    });
    const inside = { ...file, filename: 'inside', mountPath: `${file.mountPath}/x` };
    expect(await issuesOf({ add: [inside] })).toMatchObject({
      issues: [{ path: 'add[0].mountPath', message: '/etc/ssl/ca.pem is a file, not a folder' }],
    });
    await ended(await change(one, { secretEnvVars: { B: '2' }, allowDrop: true }));
    const { cid, id } = one;
    expect((await harness.request(reconciler.showSecretVariables, { cid, id })).body).toEqual({ envVars: { B: '2' } });
    expect((await harness.request(reconciler.showVariables, { cid, id })).body).toEqual({ envVars: { A: '1' } });
    await ended(await change(one, { envVars: {}, allowEmpty: true, remove: [file.filename] }));
    expect((await harness.request(reconciler.listSecretFiles, { cid, id })).body).toEqual({ files: [] });
    await expect(harness.request(reconciler.showSecretFile, { cid, id, filename: 'none' })).rejects.toMatchObject({
      code: 'file.not_found',
    });
  });

  it('has limits, which refusals name', async () => {
    const one = await create();
    const many = Object.fromEntries(Array.from({ length: 501 }, (_, index) => [`V${index}`, 'x']));
    await expect(change(one, { envVars: many })).rejects.toMatchObject({
      details: { issues: [{ message: 'the app has 501 variables; at most 500 are allowed' }] },
    });
    await expect(change(one, { envVars: { LONG: 'ü'.repeat(16_385) } })).rejects.toMatchObject({
      details: { issues: [{ path: 'envVars.LONG', message: 'LONG has 32770 bytes; at most 32768 are allowed' }] },
    });
    const content = Buffer.alloc(102_401).toString('base64');
    await expect(change(one, { add: [{ filename: 'big', content }] })).rejects.toMatchObject({
      details: { issues: [{ path: 'add[0].content' }] },
    });
    const largest = Object.fromEntries(Array.from({ length: 15 }, (_, index) => [`V${index}`, 'x'.repeat(32_768)]));
    await ended(await change(one, { envVars: largest }));
    const { cid, id } = one;
    expect((await harness.request(reconciler.showVariables, { cid, id })).body).toEqual({ envVars: largest });
  });

  it('comes back with a rollback, and is refused to a stale writer', async () => {
    const one = await create();
    await ended(await change(one, { secretEnvVars: { TOKEN: 'first' }, add: [file] }));
    await ended(await change(one, { secretEnvVars: {}, allowDrop: true, remove: [file.filename] }));
    const { cid, id } = one;
    await ended(await harness.request(reconciler.rollBackInstance, { ...one, revision: 2 }));
    expect((await harness.request(reconciler.showSecretVariables, { cid, id })).body).toEqual({
      envVars: { TOKEN: 'first' },
    });
    const { files } = (await harness.request(reconciler.listSecretFiles, { cid, id })).body;
    expect(files.map(({ filename }) => filename)).toEqual([file.filename]);
    await expect(change(one, { envVars: { A: '1' } }, { ifGeneration: 1 })).rejects.toMatchObject({
      code: 'conflict.stale',
      details: { generation: 4 },
    });
  });
});
