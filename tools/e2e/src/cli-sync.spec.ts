import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CommandLine } from './command-line.js';
import { connectToSharedPlane, type PlaneClient } from './plane-client.js';
import { valueAt } from './value-at.js';

describe('the files of an app', () => {
  const home = mkdtempSync(join(tmpdir(), 'runos-e2e-cli-'));
  const folder = join(home, 'shop');
  let plane: PlaneClient;
  beforeAll(async () => {
    plane = await connectToSharedPlane();
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  /** One run as of a pipeline: with the key in its environment, and without a terminal. */
  const runos = (words: readonly string[], more: Readonly<Record<string, string>> = {}) => {
    const { apiUrl, token, aid, cid } = plane.info;
    const place = { RUNOS_API_URL: apiUrl, RUNOS_API_KEY: token, RUNOS_ACCOUNT_ID: aid, RUNOS_CLUSTER_ID: cid };
    return new CommandLine(home, home, { ...place, ...more }).run(words);
  };
  const text = () => readFileSync(join(folder, 'runos.yaml'), 'utf8');
  const id = () => /^id: (\w+)$/m.exec(text())?.[1] ?? '';
  const diff = () => runos(['apps', 'diff', 'shop/runos.yaml']);
  const live = (kind: string, suffix = '') => plane.kubectl.get(kind, `app-${id()}${suffix}`, `app-${id()}`);

  it('make it, from the first file to the objects in the cluster', async () => {
    const image = ['--name', 'shop of files', '--image', 'ghcr.io/acme/shop:1.4', '--port', '8080'];
    expect(await runos(['apps', 'init', 'shop', ...image])).toMatchObject({ exitCode: 0 });
    mkdirSync(join(folder, 'overrides'));
    writeFileSync(join(folder, 'vars.env'), 'MODE=fast\n');
    writeFileSync(join(folder, '.secret.env'), 'API_KEY=key-one\n');
    writeFileSync(join(folder, 'runos.yaml'), `${text()}env: vars.env # ours\nsecretEnv: .secret.env\n`);
    expect(await runos(['apps', 'add', '-f', 'shop', '--follow'])).toMatchObject({ exitCode: 0 });
    expect(await diff()).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('No differences.') });
    expect(valueAt(await live('configmap', '-user-env-vars'), 'data')).toEqual({ MODE: 'fast' });
  });

  it('change it by one sync, whose objects are as they were planned', async () => {
    writeFileSync(
      join(folder, 'overrides', 'grace.yaml'),
      'spec: {template: {spec: {terminationGracePeriodSeconds: 45}}}\n',
    );
    writeFileSync(join(folder, 'vars.env'), 'MODE=slow\n');
    writeFileSync(
      join(folder, 'runos.yaml'),
      text().replace('\ncid:', '\nreplicas: 2\ncid:') + 'overrides:\n    - local: overrides/grace.yaml # ours\n',
    );
    expect((await diff()).exitCode).toBe(2);
    const planned = await runos(['apps', 'sync', 'shop', '--dry-run', '--objects']);
    expect([planned.exitCode, planned.stdout]).toEqual([
      0,
      expect.stringMatching(
        /PodDisruptionBudget app-\w+ created[^]*ConfigMap app-\w+-user-env-vars changed \(1 field\)/,
      ),
    ]);
    const synced = await runos(['apps', 'sync', 'shop', '--yes', '--follow', '--json']);
    expect([synced.exitCode, JSON.parse(synced.stdout)]).toEqual([
      0,
      expect.objectContaining({
        appId: id(),
        followed: true,
        completed: true,
        jobIds: Array(3).fill(expect.any(String)),
      }),
    ]);
    expect(text()).toMatch(/ {4}- id: [0-9a-f-]{36}\n {6}local: overrides\/grace\.yaml # ours\n$/);
    expect((await diff()).exitCode).toBe(0);
    expect(valueAt(await live('deployment'), 'spec')).toMatchObject({
      replicas: 2,
      template: { spec: { terminationGracePeriodSeconds: 45 } },
    });
    expect(await live('poddisruptionbudget')).toMatchObject({ kind: 'PodDisruptionBudget' });
  });

  it('do not overwrite what another user changes between the plan and the write', async () => {
    const app = `/${plane.info.aid}/${plane.info.cid}/apps/${id()}`;
    writeFileSync(join(folder, 'vars.env'), 'MODE=slow\nLEVEL=debug\n');
    const proxy = await interpose(plane.info.apiUrl, async () => {
      await plane.api.patch(`${app}?merge=true`, { image: 'ghcr.io/acme/shop:1.5' });
    });
    const refused = await runos(['apps', 'sync', 'shop'], { RUNOS_API_URL: proxy.url });
    proxy.close();
    expect([refused.exitCode, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/was changed by .+ ago \(generation \d+ → \d+: image\)\. Nothing was applied\.\n/),
    ]);
    const drift = await runos(['apps', 'diff', 'shop/runos.yaml', '--json']);
    expect([drift.exitCode, JSON.parse(drift.stdout)]).toEqual([
      2,
      expect.objectContaining({ differences: [expect.objectContaining({ field: 'image' }), expect.anything()] }),
    ]);
  });
});

/** A server before the API that does something before it forwards the first write. */
async function interpose(apiUrl: string, beforeWrite: () => Promise<void>) {
  let isFirst = true;
  const forward = async (request: IncomingMessage, response: ServerResponse) => {
    const { method = '', url = '', headers } = request;
    const body = await buffer(request);
    if (method !== 'GET' && isFirst) {
      isFirst = false;
      await beforeWrite();
    }
    const { host: _host, connection: _connection, 'content-length': _length, ...sent } = headers;
    const answer = await fetch(apiUrl + url, {
      method,
      headers: sent as Record<string, string>,
      body: body.length === 0 ? undefined : body,
    });
    response.writeHead(answer.status, {
      'content-type': answer.headers.get('content-type') ?? '',
      etag: answer.headers.get('etag') ?? '',
    });
    response.end(await answer.text());
  };
  const server = createServer((request, response) => void forward(request, response));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
}
