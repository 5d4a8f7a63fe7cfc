import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeRelease } from './make-release.js';
import { releaseOptions } from './options.js';
import { sourceProgram } from './source-program.js';

const folder = mkdtempSync(join(tmpdir(), 'runos-release-'));
const home = join(folder, 'home');
const executable = join(folder, `runos-${process.platform}-${process.arch}`);
const installed = join(folder, 'installed/bin/runos');

const answers: Readonly<Record<string, object>> = {
  '/a1/cli/manifest': {
    version: '1',
    commands: [
      {
        command: 'clusters/list',
        endpoint: '/:aid/clusters',
        method: 'GET',
        mcp: ['read'],
        input: { fields: [] },
        output: { type: 'array', fields: ['cid', 'name'] },
      },
    ],
  },
  '/a1/clusters': { clusters: [{ cid: 'demo', name: 'Demo' }] },
};
let server: Server;
/** Packing, injecting and installing read and write 400 MB. */
const buildTimeoutMs = 300_000;

beforeAll(async () => {
  mkdirSync(home);
  server = createServer((request, response) => {
    const answer = answers[request.url ?? ''];
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ?? { error: 'No such route.', code: 'route.not_found' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const [tarball = ''] = await makeRelease(releaseOptions(['--out', folder]));
  // In a folder without a workspace, and without a registry.
  await run('npm', ['install', '--global', '--offline', '--prefix', join(folder, 'installed'), tarball]);
}, buildTimeoutMs);
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

async function run(program: string, args: readonly string[], input = '') {
  const child = spawn(program, args, {
    cwd: home,
    env: {
      PATH: process.env['PATH'],
      HOME: home,
      RUNOS_API_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      RUNOS_API_KEY: 'key1',
      RUNOS_ACCOUNT_ID: 'a1',
    },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdin.end(input);
  const [exitCode] = (await once(child, 'close', { signal: AbortSignal.timeout(60_000) })) as [number];
  return { exitCode, stdout, stderr };
}

describe.each([
  ['the executable', executable],
  ['the installed package', installed],
])('%s', (_name, program) => {
  it('prints its version', async () => {
    expect(await run(program, ['version'])).toEqual({
      exitCode: 0,
      stdout: `runos ${sourceProgram.version}\n`,
      stderr: '',
    });
  });

  it('has help with the commands of the program', async () => {
    const { exitCode, stdout } = await run(program, ['--help']);
    expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/Usage: runos [^]* login [^]* mcp /)]);
  });

  it('runs a command of the catalog, and prints it as YAML', async () => {
    expect(await run(program, ['clusters', 'list'])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/CID +NAME\ndemo +Demo\n/),
    });
    expect((await run(program, ['clusters', 'list', '-o', 'yaml'])).stdout).toContain('- cid: demo\n');
  });

  it('serves tools', async () => {
    const message = (id: number, method: string, params: object) =>
      `${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`;
    const clientInfo = { name: 'spec', version: '1' };
    const initialize = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo };
    const input = message(1, 'initialize', initialize) + message(2, 'tools/call', { name: 'clusters_list' });
    const { exitCode, stdout, stderr } = await run(program, ['mcp'], input);
    expect([exitCode, stderr, stdout.trim().split('\n').length]).toEqual([0, '', 2]);
    expect(stdout).toContain('Demo');
  });
});

describe('the release', () => {
  it('has the SHA-256 of the executable, and the licences of all libraries', () => {
    const digest = createHash('sha256').update(readFileSync(executable)).digest('hex');
    expect(readFileSync(`${executable}.sha256`, 'utf8')).toBe(`${digest}  ${executable.split('/').at(-1)}\n`);
    const licences = readFileSync(join(folder, 'LICENCES.md'), 'utf8');
    for (const name of ['@modelcontextprotocol/sdk', 'commander', 'yaml']) expect(licences).toContain(`## ${name} `);
    expect(licences).not.toContain('(not stated)');
  });

  it.each([
    [['--platform', 'windows-x64'], '"windows-x64" is no platform of a release. Choose one of linux-x64,'],
    [['--platform', 'darwin-arm64'], 'There is no Node for darwin-arm64: '],
    [
      ['--platform', 'linux-x64', '--node', 'linux-x64=/bin/none'],
      'There is no Node for linux-x64: /bin/none does not',
    ],
    [['--platform', 'linux-arm64', '--node', `linux-arm64=${process.execPath}`], 'is no program for linux-arm64.'],
  ])('with %j is refused', async (args, problem) => {
    const make = async () => makeRelease(releaseOptions(['--out', join(folder, 'refused'), ...args]));
    await expect(make()).rejects.toThrow(problem);
  });

  it('refuses another version of Node', async () => {
    const node = join(folder, 'node');
    const header = Buffer.alloc(64);
    readFileSync(process.execPath).copy(header, 0, 0, 64);
    writeFileSync(node, header);
    const platform = `${process.platform}-${process.arch}`;
    const options = releaseOptions(['--out', join(folder, 'refused'), '--node', `${platform}=${node}`]);
    await expect(makeRelease(options)).rejects.toThrow(`is another version of Node than ${process.version}`);
  });
});
