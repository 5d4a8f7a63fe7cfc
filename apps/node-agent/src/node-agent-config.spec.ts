import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { kubernetesFacts } from './machine/kubernetes-facts.js';
import { machineId, osName } from './machine/machine-facts.js';
import { readConfig } from './node-agent-config.js';

const folder = mkdtempSync(join(tmpdir(), 'runos-machine-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

describe('settings', () => {
  it('come from options, then from the environment, then from what is standard', () => {
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

  it('that are wrong are named all at once, a token without its value', () => {
    const wrong = () => readConfig(['--server', 'a b', '--aid', 'ABCDE', '--stream-port', '0', '--ca-sha256', 'x'], {});
    expect(wrong).toThrow(/RUNOS_SERVER="a b"[^]*RUNOS_STREAM_PORT="0"[^]*RUNOS_AID="ABCDE"[^]*RUNOS_CA_SHA256="x"/);
    expect(() => readConfig(['--sever', 'x'], {})).toThrow(/--sever/);
  });
});

describe('facts of a machine', () => {
  it('are read from its files', async () => {
    expect(await machineId([join(folder, 'absent'), file('id', 'f00d\n')])).toBe('f00d');
    await expect(machineId([join(folder, 'absent'), file('empty', '\n')])).rejects.toThrow('--machine-id');
    expect(await osName(file('os', 'NAME="Debian"\nID=debian\nVERSION_ID="12"\n'))).toBe('debian-12');
    expect(await osName(file('os-rolling', 'ID=arch\n'))).toBe('arch');
    expect(await osName(join(folder, 'absent'))).toBe('unknown');
  });

  it('say whether Kubernetes is there and well', async () => {
    const absent = join(folder, 'absent');
    const nobody = 'http://127.0.0.1:9/healthz';
    const traces = { adminConfig: absent, kubeletConfig: absent, kubeletHealth: nobody };
    expect(await kubernetesFacts(traces)).toEqual({ isCp: false, isWorker: false, status: 'not_installed' });
    const conf = file('kubelet.conf', '');
    expect(await kubernetesFacts({ ...traces, kubeletConfig: conf })).toEqual({
      isCp: false,
      isWorker: true,
      status: 'not_ready',
    });
    const well = await kubernetesFacts({ ...traces, adminConfig: conf, kubeletHealth: 'data:,ok' });
    expect(well).toEqual({ isCp: true, isWorker: false, status: 'ready' });
  });
});
