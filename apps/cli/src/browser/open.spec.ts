import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CliHome } from '../../test/memory-terminal.js';

const jobId = '01a20b12-63d6-75dd-9a6e-ad828b063c07';
const api = 'https://api.example.com';
let home: CliHome;
beforeEach(() => {
  home = new CliHome();
});
afterEach(() => home.remove());

const env = { RUNOS_API_URL: api, RUNOS_ACCOUNT_ID: 'a1', RUNOS_CLUSTER_ID: 'demo' };
const open = (argv: readonly string[], more: Record<string, string> = {}, columns?: number) =>
  home.run(['open', ...argv], { env: { ...env, ...more }, columns });

describe('open', () => {
  it.each([
    [[], `${api}/`],
    [['app-k3v9q'], `${api}/a1/demo/apps/k3v9q`],
    [['postgresql-o0i2a', '--cid', 'prod'], `${api}/a1/prod/services/postgresql/o0i2a`],
    [[jobId], `${api}/jobs/${jobId}`],
    [['prod1'], `${api}/a1/clusters/prod1`],
  ])('%j prints its address where there is no browser', async (argv, url) => {
    expect(await open(argv)).toEqual({ exitCode: 0, stdout: `${url}\n`, stderr: '' });
  });

  it('prefers the Console, below its own path', async () => {
    const { stdout } = await open(['prod1'], { CONSOLE_URL: 'https://example.com/console' });
    expect(stdout).toBe('https://example.com/console/a1/clusters/prod1\n');
  });

  it.each(['file:///etc/passwd', 'javascript:alert(1)', 'https://user:secret@example.com'])(
    'refuses the Console %s',
    async (url) => {
      const { exitCode, stdout, stderr } = await open(['prod1'], { CONSOLE_URL: url });
      expect([exitCode, stdout, stderr]).toEqual([
        1,
        '',
        expect.stringContaining('is no address that a browser may open'),
      ]);
    },
  );

  it.each(['//evil.example', 'https://evil.example/', '../../x', 'app-k3v9q/..', '-x'])(
    'refuses %s as an object',
    async (object) => {
      const { exitCode, stdout } = await open(['--', object]);
      expect([exitCode, stdout]).toEqual([64, '']);
    },
  );

  describe('at a terminal with a display', () => {
    const opened = () => join(home.folder, 'opened');
    const display = () => ({ DISPLAY: ':0', PATH: `${join(home.folder, 'bin')}:${process.env['PATH'] ?? ''}` });
    beforeEach(() => {
      mkdirSync(join(home.folder, 'bin'));
      for (const name of ['xdg-open', 'open']) {
        const file = join(home.folder, 'bin', name);
        writeFileSync(
          file,
          `#!/bin/sh\nprintf '%s' "$*" > '${opened()}.next' && mv '${opened()}.next' '${opened()}'\n`,
        );
        chmodSync(file, 0o755);
      }
    });

    it('starts the browser with the address alone', async () => {
      const { exitCode, stdout } = await open(['app-k3v9q'], display(), 80);
      const url = `${api}/a1/demo/apps/k3v9q`;
      expect([exitCode, stdout]).toEqual([0, `${url}\n`]);
      const until = performance.now() + 20_000;
      while (!existsSync(opened()) && performance.now() < until)
        await new Promise((resolve) => setTimeout(resolve, 20));
      expect(readFileSync(opened(), 'utf8')).toBe(url);
    });

    it('only prints when it should, and when no program opens addresses', async () => {
      expect((await open(['--print'], display(), 80)).stdout).toBe(`${api}/\n`);
      const { exitCode, stdout } = await open([], { DISPLAY: ':0', PATH: '/nonexistent' }, 80);
      expect([exitCode, stdout, existsSync(opened())]).toEqual([0, `${api}/\n`, false]);
      expect(JSON.parse((await open(['--json'], display(), 80)).stdout)).toEqual({ url: `${api}/`, opened: false });
    });
  });
});
