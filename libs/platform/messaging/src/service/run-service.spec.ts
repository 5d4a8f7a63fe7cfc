import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { shutdownTimeoutMs, toEnvironment } from '@runos/config';
import { contracts } from '@runos/contracts';
import { doIt } from '../../test/test-contracts.js';
import { type MessagingHarness, specPlane } from '../../test/harness.js';

const program = fileURLToPath(new URL('../../dist/.test/test/programs/catalog.js', import.meta.url));

let plane: MessagingHarness;
const children: ChildProcess[] = [];
beforeAll(async () => {
  plane = await specPlane();
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => plane.stop());

function run(settings: Record<string, string | number>) {
  const { natsUrl, natsUser, natsPassword } = plane.config('catalog');
  const env = { ...process.env, ...toEnvironment({ natsUrl, natsUser, natsPassword, ...settings }) };
  const child = spawn(process.execPath, [program], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  const lines: string[] = [];
  const errors: string[] = [];
  let look: () => void = () => undefined;
  createInterface(child.stdout).on('line', (line) => {
    lines.push(line);
    look();
  });
  child.stderr.on('data', (data: Buffer) => errors.push(data.toString()));
  const printed = (text: string) =>
    new Promise<void>((resolve) => {
      look = () => lines.some((line) => line.includes(text)) && resolve();
      look();
    });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number, errors: errors.join('') }));
  return { child, lines, printed, ended };
}

describe('runService', () => {
  it('finishes what it is doing on SIGTERM and exits with 0', async () => {
    const { child, printed, ended } = run({});
    await printed('"ready"');
    const requested = plane.bus('gateway').request(doIt, { how: '600' });
    await printed('begun');
    child.kill('SIGTERM');
    expect(await requested).toEqual({ done: child.pid });
    expect((await ended).code).toBe(0);
  });

  it('has time for whatever a client of the gateway may be waiting for, and a second to close', () => {
    const requested = contracts.flatMap((one) =>
      one.kind === 'request' && one.callers.includes('gateway') ? [one] : [],
    );
    expect(requested.length).toBeGreaterThan(20);
    expect(shutdownTimeoutMs).toBeGreaterThanOrEqual(
      1_000 + Math.max(...requested.map(({ deadlineMs }) => deadlineMs)),
    );
  });

  it('ends at once on SIGTERM while it still waits for NATS', async () => {
    const { child, printed, ended } = run({ natsUrl: 'nats://127.0.0.1:1' });
    await printed('NATS cannot be reached yet');
    child.kill('SIGTERM');
    expect((await ended).code).toBe(0);
  });

  it('refuses wrong settings with one message that names them all', async () => {
    const { ended } = run({ shelves: 12, natsUrl: 'nowhere' });
    const { code, errors } = await ended;
    expect(code).toBe(78);
    expect(errors).toContain('RUNOS_SHELVES="12": a whole number from 1 to 9');
    expect(errors).toContain('RUNOS_NATS_URL="nowhere": a URL');
  });

  it('refuses a port in use in one line', async () => {
    const first = run({});
    await first.printed('"ready"');
    const ready = first.lines.find((line) => line.includes('"ready"')) ?? '{}';
    const { opsPort } = JSON.parse(ready) as { opsPort: number };
    const second = run({ opsPort });
    expect((await second.ended).code).toBe(1);
    expect(second.lines.some((line) => line.includes('EADDRINUSE'))).toBe(true);
  });
});
