import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { idleConnectionGraceMs, shutdownTimeoutMs, toEnvironment } from '@runos/config';
import { contracts } from '@runos/contracts';
import { doIt } from '../../test/test-contracts.js';
import { type MessagingHarness, startHarness } from '../../test/harness.js';

const program = fileURLToPath(new URL('../../dist/.test/test/programs/catalog.js', import.meta.url));

let harness: MessagingHarness;
const children: ChildProcess[] = [];
beforeAll(async () => {
  harness = await startHarness();
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => harness.stop());

function run(settings: Record<string, string | number>) {
  const { natsUrl, natsUser, natsPassword } = harness.config('catalog');
  const env = { ...process.env, ...toEnvironment({ natsUrl, natsUser, natsPassword, ...settings }) };
  const child = spawn(process.execPath, [program], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  const lines: string[] = [];
  const errors: string[] = [];
  let check: () => void = () => undefined;
  createInterface(child.stdout).on('line', (line) => {
    lines.push(line);
    check();
  });
  child.stderr.on('data', (data: Buffer) => errors.push(data.toString()));
  const printed = (text: string) =>
    new Promise<void>((resolve) => {
      check = () => lines.some((line) => line.includes(text)) && resolve();
      check();
    });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number, errors: errors.join('') }));
  return { child, lines, printed, ended };
}

describe('runService', () => {
  it('finishes running requests on SIGTERM and exits with 0', async () => {
    const { child, printed, ended } = run({});
    await printed('"ready"');
    const reply = harness.bus('gateway').request(doIt, { how: '600' });
    await printed('started');
    child.kill('SIGTERM');
    expect(await reply).toEqual({ done: child.pid });
    expect((await ended).code).toBe(0);
  });

  it('has a shutdown timeout for the longest deadline of the gateway after the time for idle connections', () => {
    const requests = contracts.flatMap((each) =>
      each.kind === 'request' && each.callers.includes('gateway') ? [each] : [],
    );
    expect(requests.length).toBeGreaterThan(20);
    const longestMs = Math.max(...requests.map(({ deadlineMs }) => deadlineMs));
    expect(shutdownTimeoutMs).toBeGreaterThanOrEqual(idleConnectionGraceMs + longestMs);
  });

  it('exits immediately on SIGTERM while it waits for NATS', async () => {
    const { child, printed, ended } = run({ natsUrl: 'nats://127.0.0.1:1' });
    await printed('NATS cannot be reached yet');
    child.kill('SIGTERM');
    expect((await ended).code).toBe(0);
  });

  it('rejects invalid settings with one message that lists all of them', async () => {
    const { ended } = run({ shelves: 12, natsUrl: 'nowhere' });
    const { code, errors } = await ended;
    expect(code).toBe(78);
    expect(errors).toContain('RUNOS_SHELVES="12": a whole number from 1 to 9');
    expect(errors).toContain('RUNOS_NATS_URL="nowhere": a URL');
  });

  it('exits with one log line when a port is in use', async () => {
    const first = run({});
    await first.printed('"ready"');
    const ready = first.lines.find((line) => line.includes('"ready"')) ?? '{}';
    const { opsPort } = JSON.parse(ready) as { opsPort: number };
    const second = run({ opsPort });
    expect((await second.ended).code).toBe(1);
    expect(second.lines.some((line) => line.includes('EADDRINUSE'))).toBe(true);
  });
});
