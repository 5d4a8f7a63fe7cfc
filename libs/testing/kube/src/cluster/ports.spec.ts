import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import getPort from 'get-port';
import { choosePorts } from './ports.js';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'runos-ports-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** An address of the loopback network that no other test uses. */
const host = '127.44.0.1';

it('the port of an API server is the usual one of its address, also at the next start', async () => {
  const usual = await getPort({ host });
  const first = await choosePorts(folder, 0, { host, usual });
  expect(first.api).toBe(usual);
  expect(await choosePorts(folder, 0, { host, usual })).toEqual(first);
});

it('is another one, and is kept, while a program listens at all addresses', async () => {
  const other = createServer().listen(0, '0.0.0.0');
  try {
    await once(other, 'listening');
    const usual = (other.address() as { port: number }).port;
    const first = await choosePorts(folder, 0, { host, usual });
    expect(first.api).not.toBe(usual);
    expect((await choosePorts(folder, 0, { host, usual })).api).toBe(first.api);
  } finally {
    other.close();
  }
});
