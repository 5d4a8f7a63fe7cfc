import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GatewayHarness, startHarness } from '../../test/harness.js';

let harness: GatewayHarness;
const root = mkdtempSync(join(tmpdir(), 'runos-install-'));
const folder = join(root, 'release');
const script = (text: string) => `#!/bin/sh\n# ${text}\n[ "$1" = version ] && echo 'runos 9.9.9'\n`;
const content = script('x'.repeat(200_000));
const sha256 = createHash('sha256').update(content).digest('hex');
const executable = join(folder, `runos-${process.platform}-${process.arch}`);
const own = `${process.platform}-${process.arch}`;

beforeAll(async () => {
  mkdirSync(folder);
  writeFileSync(executable, content);
  writeFileSync(join(folder, 'secret'), 'secret');
  harness = await startHarness({ cliFolder: folder });
});
afterAll(async () => {
  await harness.stop();
  rmSync(root, { recursive: true, force: true });
});

const get = (path: string, init: RequestInit = {}) => fetch(harness.url + path, init);
const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;

describe('the executables', () => {
  it('are downloaded without a token, with length, digest and tag', async () => {
    const response = await get(`/install/cli/${own}`);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-length': String(content.length),
      'content-type': 'application/octet-stream',
      etag: `"${sha256}"`,
      'repr-digest': `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`,
    });
    expect(await response.text()).toBe(content);
    expect(await (await get(`/install/cli/${own}/sha256`)).text()).toBe(`${sha256}  runos-${own}\n`);
  });

  it('are not sent again while they are current, nor for HEAD', async () => {
    const current = await get(`/install/cli/${own}`, { headers: { 'if-none-match': `"${sha256}"` } });
    expect([current.status, await current.text()]).toEqual([304, '']);
    const head = await get(`/install/cli/${own}`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(content.length)]);
  });

  it('get another tag when the file is replaced', async () => {
    writeFileSync(executable, script('newer'));
    const response = await get(`/install/cli/${own}`);
    expect(response.headers.get('etag')).toBe(`"${createHash('sha256').update(script('newer')).digest('hex')}"`);
    await response.text();
    writeFileSync(executable, content);
  });

  it.each(['darwin-arm64', 'secret', 'runos-linux-x64', '..%2Fsecret', '%2E%2E%2Fsecret', '__proto__'])(
    'are not found for %s',
    async (platform) => {
      for (const path of [`/install/cli/${platform}`, `/install/cli/${platform}/sha256`]) {
        const response = await get(path);
        expect([response.status, await codeOf(response)]).toEqual([404, 'download.not_found']);
      }
    },
  );
});

describe('the script', () => {
  /** `curl … | sh`, in a home of its own. */
  async function install(change = (text: string) => text) {
    const text = await (await get('/install/cli')).text();
    const home = mkdtempSync(join(root, 'home-'));
    const child = spawn('sh', { env: { PATH: process.env['PATH'], HOME: home } });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stdin.end(change(text));
    const [exitCode] = (await once(child, 'close', { signal: AbortSignal.timeout(60_000) })) as [number];
    return { exitCode, output, bin: join(home, '.local/bin') };
  }

  it('installs the executable of its machine', async () => {
    const { exitCode, output, bin } = await install();
    expect([exitCode, output]).toEqual([
      0,
      [
        `Installed runos 9.9.9 as ${bin}/runos.`,
        `Add it to your PATH: export PATH="${bin}:$PATH"`,
        `Next: runos login --api-url ${harness.url}`,
        '',
      ].join('\n'),
    ]);
    expect(readFileSync(join(bin, 'runos'), 'utf8')).toBe(content);
    expect(statSync(join(bin, 'runos')).mode & 0o777).toBe(0o755);
  });

  it('installs nothing with another SHA-256, and nothing when it is cut off', async () => {
    const other = await install((text) => text.replace(sha256, '0'.repeat(64)));
    expect([other.exitCode, other.output]).toEqual([1, expect.stringContaining(`is ${sha256} and not 0000`)]);
    expect(readdirSync(other.bin)).toEqual([]);
    const cut = await install((text) => text.slice(0, text.indexOf('chmod')));
    expect([cut.exitCode === 0, existsSync(cut.bin)]).toEqual([false, false]);
  });

  it('names the platforms for a machine without an executable', async () => {
    const { exitCode, output } = await install((text) => text.replace('uname -s', 'echo Plan9'));
    expect([exitCode, output]).toEqual([1, expect.stringMatching(new RegExp(`no runos for Plan9-.*, but for ${own}`))]);
  });

  it.each(["a'; touch /tmp/x; '", 'a b', '$(id)', 'a/../b'])('is refused for the host %s', async (host) => {
    const sent = request(`${harness.url}/install/cli`, { headers: { host } });
    sent.end();
    const [response] = (await once(sent, 'response', { signal: AbortSignal.timeout(10_000) })) as [
      { statusCode: number },
    ];
    expect(response.statusCode).toBe(400);
  });
});

describe('a slow client', () => {
  const unreadTimeoutMs = 400;
  const size = 64 * 1024 * 1024;
  /** Longer than the gateway needs to fill the buffers of the operating system again. */
  const pauseMs = 150;
  const pauseBytes = 4 * 1024 * 1024;

  it('that goes on reading gets the whole executable, however long it takes', async () => {
    const large = mkdtempSync(join(root, 'large-'));
    writeFileSync(join(large, `runos-${own}`), '');
    truncateSync(join(large, `runos-${own}`), size);
    const slow = await startHarness({ cliFolder: large, unreadTimeoutMs });
    try {
      const began = performance.now();
      const sent = request(`${slow.url}/install/cli/${own}`);
      sent.end();
      const [response] = (await once(sent, 'response', { signal: AbortSignal.timeout(10_000) })) as [IncomingMessage];
      let received = 0;
      let last = 0;
      for await (const chunk of response) {
        received += (chunk as Buffer).length;
        if (received - last < pauseBytes) continue;
        last = received;
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
      expect(received).toBe(size);
      expect(performance.now() - began).toBeGreaterThan(3 * unreadTimeoutMs);
    } finally {
      await slow.stop();
    }
  });
});

describe('a plane without executables', () => {
  it('offers none', async () => {
    rmSync(executable);
    for (const path of ['/install/cli', `/install/cli/${own}`]) {
      const response = await get(path);
      expect([response.status, await codeOf(response)]).toEqual([404, 'download.not_found']);
    }
  });
});
