import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { waitUntil } from '@runos/testing-process';
import type { FakeGateway } from '../../test/fake-gateway.js';
import type { CliHome } from '../../test/memory-terminal.js';
import { program, PseudoTerminal } from '../../test/pseudo-terminal.js';
import { sampleCatalog } from '../../test/sample-catalog.js';
import { useFakeGateway } from '../../test/use-fake-gateway.js';
import type { Shell } from './completion-script.js';

let gateway: FakeGateway;
let home: CliHome;
useFakeGateway(async (started) => {
  ({ gateway, home } = started);
  gateway.reply('GET /a1/cli/manifest', sampleCatalog);
  gateway.reply('GET /a1/cli/manifest-version', { version: sampleCatalog.version });
  gateway.reply('GET /a1/clusters', { clusters: [] });
  await home.run(['manifest', 'update'], { env: env() });
});

const env = () => ({
  HOME: home.folder,
  PATH: `${home.folder}:/usr/bin:/bin`,
  NODE_COMPILE_CACHE: join(home.folder, 'compiled'),
  RUNOS_API_URL: gateway.url,
  RUNOS_API_KEY: 'key1',
  RUNOS_ACCOUNT_ID: 'a1',
  RUNOS_CLUSTER_ID: 'demo',
});

/** How a person begins in each shell: the shell without the settings of this machine, and what is typed first. */
const shells: Readonly<Record<Shell, readonly [argv: readonly string[], setUp: string]>> = {
  bash: [['bash', '--norc', '-i'], 'eval "$(runos completion bash)"'],
  zsh: [['zsh', '-f', '-i'], 'autoload -U compinit; compinit -u -D; eval "$(runos completion zsh)"'],
  fish: [['fish', '--no-config', '-i'], 'runos completion fish | source'],
};
const isInstalled = (shell: Shell) => spawnSync(shell, ['-c', 'true']).status === 0;

/** A program that records its command lines, and runs ours. */
function installProgram(): () => string {
  const [path, record] = [join(home.folder, 'runos'), join(home.folder, 'record')];
  writeFileSync(record, '');
  writeFileSync(
    path,
    `#!/bin/sh\necho "$@" >> '${record}'\nexec ${program.map((word) => `'${word}'`).join(' ')} "$@"\n`,
  );
  chmodSync(path, 0o755);
  return () => readFileSync(record, 'utf8');
}

let terminal: PseudoTerminal | undefined;
afterEach(() => terminal?.close());

for (const [shell, [argv, setUp]] of Object.entries(shells)) {
  const register = isInstalled(shell as Shell) ? describe : describe.skip;
  const reason = register === describe ? '' : ` (skipped: ${shell} is not installed)`;
  register(`${shell}${reason}`, () => {
    it('completes commands at the Tab key', async () => {
      const record = installProgram();
      const recorded = (line: string) =>
        waitUntil(() => record().split('\n').includes(line), {
          deadlineMs: 60_000,
          because: () => `"runos ${line}" did not run, but: ${record()}\nand the terminal shows: ${terminal?.text}`,
        });
      terminal = new PseudoTerminal(argv, 120, env());
      terminal.type(`${setUp}; runos version\r`);
      await recorded('version');
      terminal.type('runos clus\tl\t\r');
      await recorded('clusters list');
      terminal.type('runos services postgresql add --sto\t1\r');
      await recorded('services postgresql add --storage-mb 1');
      expect(record()).toContain('__complete services postgresql add --sto\n');
    });
  });
}
