import { afterEach, describe, expect, it } from '@jest/globals';
import { type OpsServer, opsServer } from './ops-server.js';
import { Readiness } from './readiness.js';

let server: OpsServer | undefined;
afterEach(() => server?.stop());

const get = async (path: string) => {
  const response = await fetch(`http://127.0.0.1:${server?.port}${path}`);
  return { status: response.status, text: await response.text() };
};

describe('opsServer', () => {
  it('names the failed checks on /readyz', async () => {
    const readiness = new Readiness();
    let up = false;
    readiness.need('nats', () => up);
    readiness.need('postgresql', () => {
      if (!up) throw new Error('down');
      return true;
    });
    readiness.need('always', () => true);
    server = await opsServer({ port: 0, readiness: () => readiness.report() });
    expect(await get('/readyz')).toEqual({
      status: 503,
      text: '{"ok":false,"missing":["nats","postgresql"],"why":{"nats":"not usable now","postgresql":"down"}}',
    });
    expect((await get('/livez')).status).toBe(200);
    up = true;
    expect(await get('/readyz?verbose')).toEqual({ status: 200, text: '{"ok":true,"missing":[]}' });
    expect((await get('/else')).status).toBe(404);
  });

  it('does not wait for a check that never resolves', async () => {
    const readiness = new Readiness();
    readiness.need('stuck', () => new Promise<boolean>(() => undefined));
    expect(await readiness.report()).toEqual({
      ok: false,
      missing: ['stuck'],
      why: { stuck: 'no reply within 1000 ms' },
    });
  });

  it('rejects a port in use', async () => {
    const readiness = new Readiness();
    server = await opsServer({ port: 0, readiness: () => readiness.report() });
    const second = opsServer({ port: server.port, readiness: () => readiness.report() });
    await expect(second).rejects.toThrow('EADDRINUSE');
  });
});
