import { afterAll, describe, expect, it } from '@jest/globals';
import { CliHome } from '../test/memory-terminal.js';
import { ownVersion } from './commands/own-version.js';

const home = new CliHome();
afterAll(() => home.remove());

describe('the program', () => {
  it('prints its version as text, JSON and YAML', async () => {
    const version = ownVersion();
    expect(await home.run(['version'])).toEqual({ exitCode: 0, stdout: `runos ${version}\n`, stderr: '' });
    expect((await home.run(['version', '--json'])).stdout).toBe(`{\n  "version": "${version}"\n}\n`);
    expect((await home.run(['--json', 'version'])).stdout).toBe(`{\n  "version": "${version}"\n}\n`);
    expect((await home.run(['version', '-o', 'yaml'])).stdout).toBe(`version: ${version}\n`);
  });

  it('shows help with examples and exit codes on every command', async () => {
    for (const argv of [['--help'], ['version', '--help'], ['help', 'version']]) {
      const { exitCode, stdout } = await home.run(argv);
      expect([exitCode, stdout]).toEqual([
        0,
        expect.stringMatching(/Usage:[^]*Examples:\n {2}\$ runos [^]*Exit status: 0/),
      ]);
    }
  });

  it('suggests what may have been meant, and exits 64 for wrong usage', async () => {
    const { exitCode, stdout, stderr } = await home.run(['verson']);
    expect([exitCode, stdout]).toEqual([64, '']);
    expect(stderr).toBe("Error: Unknown command 'verson'.\n  Do      Did you mean version?\n");
    expect((await home.run(['version', '--jsn'])).stderr).toContain('Did you mean --json?');
    expect((await home.run([])).exitCode).toBe(64);
  });

  it('prints errors as one JSON document too', async () => {
    const { exitCode, stdout, stderr } = await home.run(['version', '-o', 'json', 'more']);
    expect([exitCode, stderr]).toEqual([64, '']);
    expect(JSON.parse(stdout)).toMatchObject({ error: expect.stringContaining('Too many arguments'), code: 'usage' });
  });

  it.each(['RUNOS_API_KEY', 'RUNOS_ACCOUNT_ID'])('refuses %s that is set but empty', async (name) => {
    const { exitCode, stderr } = await home.run(['version'], { env: { [name]: ' ' } });
    expect([exitCode, stderr]).toEqual([64, expect.stringContaining(`Error: ${name} is set but empty.`)]);
  });

  it('colours on a terminal only, and not under NO_COLOR or --no-color', async () => {
    const isColoured = async (argv: string[], columns?: number, env = {}) =>
      (await home.run(argv, { columns, env })).stderr.includes('\u001b[');
    expect(await isColoured(['verson'], 80)).toBe(true);
    expect(await isColoured(['verson'])).toBe(false);
    expect(await isColoured(['verson'], 80, { NO_COLOR: '1' })).toBe(false);
    expect(await isColoured(['verson', '--no-color'], 80)).toBe(false);
  });
});
