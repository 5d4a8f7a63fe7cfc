import { stripVTControlCharacters } from 'node:util';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { FakeGateway } from '../../test/fake-gateway.js';
import type { CliHome } from '../../test/memory-terminal.js';
import { program, PseudoTerminal } from '../../test/pseudo-terminal.js';
import { sampleCatalog } from '../../test/sample-catalog.js';
import { job, jobId, sendEvents, workItem } from '../../test/sample-job.js';
import { useFakeGateway } from '../../test/use-fake-gateway.js';
import { exitCodes } from '../failure/exit-codes.js';

let gateway: FakeGateway;
let home: CliHome;
useFakeGateway((started) => {
  ({ gateway, home } = started);
  gateway.reply('GET /a1/cli/manifest', sampleCatalog);
  gateway.reply('GET /a1/cli/manifest-version', { version: sampleCatalog.version });
});

const terminals: PseudoTerminal[] = [];
afterEach(() => Promise.all(terminals.splice(0).map((terminal) => terminal.close())));

function run(argv: string, columns = 100, env: NodeJS.ProcessEnv = {}): PseudoTerminal {
  const terminal = new PseudoTerminal([...program, ...argv.split(' ')], columns, {
    HOME: home.folder,
    NODE_COMPILE_CACHE: join(home.folder, 'compiled'),
    RUNOS_API_URL: gateway.url,
    RUNOS_API_KEY: 'key1',
    RUNOS_ACCOUNT_ID: 'a1',
    RUNOS_CLUSTER_ID: 'demo',
    ...env,
  });
  terminals.push(terminal);
  return terminal;
}

/** What a run shows, without its control sequences, in lines. */
const linesOf = async (terminal: PseudoTerminal) => {
  await terminal.exited();
  return stripVTControlCharacters(terminal.text).split('\r\n');
};
const colour = '\u001b[3';
const sent = (method: string) => gateway.received.filter((request) => request.method === method);

describe('a table on a terminal', () => {
  const reason = 'The scheduler finds no node with two processors and four gibibytes of free memory for this instance';
  beforeEach(() =>
    gateway.reply('GET /a1/demo/services/postgresql', {
      services: [{ id: 'o0i2a', name: 'orders', status: 'degraded', createdAt: '2030-01-01T00:00:00Z', reason }],
    }),
  );

  it.each([60, 200])('fits a window of %i columns', async (columns) => {
    const lines = await linesOf(run('services postgresql list', columns));
    const row = lines.find((line) => line.includes('o0i2a')) ?? '';
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
    expect(row).toContain('orders');
    expect(row.includes(reason)).toBe(columns === 200);
  });

  it('has colours, but not under NO_COLOR', async () => {
    const [coloured, plain] = [
      run('services postgresql list'),
      run('services postgresql list', 100, { NO_COLOR: '1' }),
    ];
    expect(await Promise.all([coloured.exited(), plain.exited()])).toEqual([0, 0]);
    expect([coloured.text.includes(colour), plain.text.includes(colour)]).toEqual([true, false]);
  });
});

describe('a prompt on a terminal', () => {
  beforeEach(() => {
    gateway.reply('GET /a1/demo/services/postgresql/o0i2a', { id: 'o0i2a', name: 'orders', status: 'healthy' });
    gateway.reply('DELETE /a1/demo/services/postgresql/o0i2a', { jobId });
  });

  it.each([
    ['another name', 'order\r', 0],
    ['Ctrl-C', '\u0003', 0],
    ['Ctrl-D', '\u0004', 0],
    ['the name', 'orders\r', 1],
  ])('decides about a deletion: %s', async (_, keys, deletions) => {
    const terminal = run('services postgresql delete o0i2a');
    await terminal.shows('Type orders to confirm');
    expect(sent('DELETE')).toEqual([]);
    terminal.type(keys);
    expect((await terminal.exited()) === 0).toBe(deletions === 1);
    expect(sent('DELETE')).toHaveLength(deletions);
  });

  it('never shows a key that is typed', async () => {
    gateway.reply('GET /user/accounts', {
      accounts: [{ aid: 'a1', companyName: 'Acme', accountRole: 'owner', isDefault: true }],
    });
    const terminal = run(`login --api-url ${gateway.url}`, 100, { RUNOS_API_KEY: undefined });
    await terminal.shows('API key');
    terminal.type('runos_typed_by_hand\r');
    await terminal.exited();
    expect(terminal.text).not.toContain('typed_by_hand');
    expect(gateway.received[0]?.headers.authorization).toBe('Bearer runos_typed_by_hand');
  });
});

describe('a followed job on a terminal', () => {
  it('keeps running after Ctrl-C, which shows how to follow it again and restores the cursor', async () => {
    gateway.reply(`GET /jobs/${jobId}/stream`, (_request, response) =>
      sendEvents(response, [
        ['job', job('running')],
        ['workitem', workItem(1, 'apply', 'running')],
      ]),
    );
    const terminal = run(`follow ${jobId}`, 60);
    await terminal.shows('apply');
    terminal.type('\u0003');
    expect(await terminal.exited()).toBe(exitCodes.interrupted);
    expect(terminal.text).toContain(`runos follow ${jobId}`);
    const [hidden, shown] = ['\u001b[?25l', '\u001b[?25h'].map((sequence) => terminal.text.lastIndexOf(sequence));
    expect(Number(shown) >= Number(hidden)).toBe(true);
    expect(gateway.received.filter(({ method }) => method !== 'GET')).toEqual([]);
  });
});
