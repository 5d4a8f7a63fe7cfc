import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { kubernetesFacts, machineId, osName } from './machine/machine-facts.js';
import { readConfig } from './config.js';

const folder = mkdtempSync(join(tmpdir(), 'runos-machine-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

describe('settings', () => {
  it('come from options, then from the environment, then from defaults', () => {
    const config = readConfig(
      ['--server', 'plane.example.org', '--ca-sha256', 'ab'.repeat(32), '--register-port=19191'],
      {
        RUNOS_SERVER: 'other',
        RUNOS_AID: 'abcde',
        RUNOS_STREAM_PORT: '19192',
      },
    );
    expect(config).toMatchObject({ server: 'plane.example.org', aid: 'abcde', registerPort: 19191, streamPort: 19192 });
    expect(config.caSha256).toBe('ab'.repeat(32));
    expect(readConfig(['--server', 'x', '--aid', 'abcde'], {})).toMatchObject({ registerPort: 9191, streamPort: 9192 });
  });

  it('that are wrong are all named in one error, a token without its value', () => {
    const readWrong = () =>
      readConfig(['--server', 'a b', '--aid', 'ABCDE', '--stream-port', '0', '--ca-sha256', 'x'], {});
    expect(readWrong).toThrow(
      /RUNOS_SERVER="a b"[^]*RUNOS_STREAM_PORT="0"[^]*RUNOS_AID="ABCDE"[^]*RUNOS_CA_SHA256="x"/,
    );
    expect(() => readConfig(['--sever', 'x'], {})).toThrow(/--sever/);
  });
});

describe('machine facts', () => {
  it('are read from files', async () => {
    expect(await machineId([join(folder, 'absent'), file('id', 'f00d\n')])).toBe('f00d');
    await expect(machineId([join(folder, 'absent'), file('empty', '\n')])).rejects.toThrow('--machine-id');
    expect(await osName(file('os', 'NAME="Debian"\nID=debian\nVERSION_ID="12"\n'))).toBe('debian-12');
    expect(await osName(file('os-rolling', 'ID=arch\n'))).toBe('arch');
    expect(await osName(join(folder, 'absent'))).toBe('unknown');
  });

  it('contain the roles and the health of the kubelet', async () => {
    const absent = join(folder, 'absent');
    const closedPort = 'http://127.0.0.1:9/healthz';
    const paths = { adminConfig: absent, kubeletConfig: absent, kubeletHealth: closedPort };
    expect(await kubernetesFacts(paths)).toEqual({ isCp: false, isWorker: false, status: 'not_installed' });
    const conf = file('kubelet.conf', '');
    expect(await kubernetesFacts({ ...paths, kubeletConfig: conf })).toEqual({
      isCp: false,
      isWorker: true,
      status: 'not_ready',
    });
    const healthy = await kubernetesFacts({ ...paths, adminConfig: conf, kubeletHealth: 'data:,ok' });
    expect(healthy).toEqual({ isCp: true, isWorker: false, status: 'ready' });
  });
});
