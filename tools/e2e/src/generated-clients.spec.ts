import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connectToSharedPlane, type PlaneClient } from './plane-client.js';
import { valueAt } from './value-at.js';

const run = promisify(execFile);
const tool = resolve(import.meta.dirname, '..');
const clients = join(tool, 'clients');
const modules = resolve(tool, '../../node_modules');

interface Made {
  readonly app: string;
  readonly database: string;
}

/** `openapi-python-client` needs Python 3.11, and a virtual environment to be installed into. */
const python = spawnSync('python3', ['-c', 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))']);
const hasPython = python.status === 0;

/** The folder of a virtual environment with the generator, made once per machine and version. */
async function pythonEnvironment(): Promise<string> {
  const requirements = join(clients, 'python/requirements.txt');
  const version = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 16);
  const folder = join(homedir(), '.cache/runos', `python-${version}`);
  if (existsSync(join(folder, 'installed'))) return folder;
  await run('python3', ['-m', 'venv', '--clear', folder]);
  await run(join(folder, 'bin/pip'), ['install', '--quiet', '--disable-pip-version-check', '-r', requirements]);
  writeFileSync(join(folder, 'installed'), '');
  return folder;
}

describe('a client that a generator makes of /openapi.json', () => {
  let plane: PlaneClient;
  let folder: string;
  let document: string;
  beforeAll(async () => {
    plane = await connectToSharedPlane();
    // Below this folder, Node finds the packages of the workspace.
    mkdirSync(join(tool, 'dist'), { recursive: true });
    folder = mkdtempSync(join(tool, 'dist/generated-'));
    document = join(folder, 'openapi.json');
    const response = await fetch(`${plane.info.apiUrl}/openapi.json`, { signal: AbortSignal.timeout(30_000) });
    writeFileSync(document, await response.text());
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const runStory = async (program: string, ...args: string[]): Promise<Made> => {
    const { apiUrl, token, cid } = plane.info;
    const env = { PATH: process.env['PATH'], RUNOS_API_URL: apiUrl, RUNOS_API_KEY: token, RUNOS_CLUSTER_ID: cid };
    const { stdout } = await run(program, args, { cwd: folder, env });
    return JSON.parse(stdout) as Made;
  };
  const expectMade = async (made: Made) => {
    expect(made).toMatchObject({
      replicas: 2,
      resourceRequirementClassId: 'custom',
      refusal: { status: 400, code: 'sizing.invalid' },
    });
    const { app, database } = made;
    expect(valueAt(await plane.kubectl.get('deployment', app, app), 'spec', 'replicas')).toBe(2);
    const cluster = await plane.kubectl.get('clusters.postgresql.cnpg.io', database, database);
    expect(valueAt(cluster, 'spec', 'postgresql', 'parameters', 'max_connections')).toBe('120');
  };

  it('serves in TypeScript (openapi-typescript, openapi-fetch)', async () => {
    cpSync(join(clients, 'typescript'), folder, { recursive: true });
    await run(process.execPath, [
      join(tool, 'node_modules/openapi-typescript/bin/cli.js'),
      document,
      '-o',
      join(folder, 'schema.ts'),
    ]);
    await run(process.execPath, [join(modules, 'typescript/bin/tsc'), '-p', folder]);
    await expectMade(await runStory(process.execPath, 'story.ts'));
  });

  const register = hasPython ? it : it.skip;
  register(
    `serves in Python (openapi-python-client)${hasPython ? '' : ' (skipped: no Python 3.11 with venv)'}`,
    async () => {
      const environment = await pythonEnvironment();
      await run(
        join(environment, 'bin/openapi-python-client'),
        [
          'generate',
          '--fail-on-warning',
          '--path',
          document,
          '--config',
          join(clients, 'python/generator.yaml'),
          '--meta',
          'none',
          '--output-path',
          join(folder, 'plane'),
        ],
        { cwd: folder },
      );
      cpSync(join(clients, 'python/story.py'), join(folder, 'story.py'));
      await expectMade(await runStory(join(environment, 'bin/python'), 'story.py'));
    },
  );
});
