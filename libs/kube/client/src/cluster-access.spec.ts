import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@runos/testing-basics';
import { inClusterAccess, tokenFile } from './cluster-access.js';
import { readKubeconfig } from './kubeconfig.js';

const folder = mkdtempSync(join(tmpdir(), 'runos-kube-client-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text, { mode: 0o700 });
  return join(folder, name);
};

const base64 = (text: string) => Buffer.from(text).toString('base64');

const config = (user: object, cluster: object = { server: 'https://api:6443/prefix/' }) =>
  file(
    'config',
    JSON.stringify({
      clusters: [{ name: 'c', cluster }],
      users: [{ name: 'u', user }],
      contexts: [
        { name: 'x', context: { cluster: 'c', user: 'u' } },
        { name: 'broken', context: { cluster: 'c', user: 'absent' } },
      ],
      'current-context': 'x',
    }),
  );

describe('a kubeconfig', () => {
  it('provides server, CA and token', async () => {
    const cluster = {
      server: 'https://api:6443/prefix/',
      'certificate-authority-data': base64('CA'),
      'tls-server-name': 'kube',
    };
    const access = await readKubeconfig(config({ token: 't' }, cluster));
    expect(access).toMatchObject({ server: 'https://api:6443/prefix', ca: 'CA', serverName: 'kube', insecure: false });
    expect(await access.authorization?.()).toBe('Bearer t');
  });

  it('provides certificates from data or from files next to it', async () => {
    file('client.key', 'KEY');
    const access = await readKubeconfig(
      config({ 'client-certificate-data': base64('CRT'), 'client-key': 'client.key' }),
    );
    expect(access).toMatchObject({ clientCertificate: 'CRT', clientKey: 'KEY' });
    expect(access.authorization).toBeUndefined();
  });

  it('runs its exec plugin, and again after its token was rejected', async () => {
    const status = '{"status":{"token":"\'$(date +%N)\'"}}';
    const command = file(
      'login',
      `#!/bin/sh\nprintf '%s' "$KUBERNETES_EXEC_INFO" | grep -q '"interactive":false' && echo '${status}'\n`,
    );
    const access = await readKubeconfig(config({ exec: { apiVersion: 'client.authentication.k8s.io/v1', command } }));
    const first = await access.authorization?.();
    expect(first).toMatch(/^Bearer \d+$/);
    expect(await access.authorization?.()).toBe(first);
    access.onUnauthorized?.();
    expect(await access.authorization?.()).not.toBe(first);
  });

  it('is rejected with the missing part and the available entries', async () => {
    await expect(readKubeconfig(config({}), 'other')).rejects.toThrow(/no context "other"; it has: x, broken/);
    await expect(readKubeconfig(config({}), 'broken')).rejects.toThrow(/no user "absent"; it has: u/);
    await expect(readKubeconfig(config({}, {}))).rejects.toThrow(/has no server/);
    await expect(readKubeconfig(file('empty', ''))).rejects.toThrow(/is not a kubeconfig/);
  });
});

describe('a token file', () => {
  it('is read again every minute, and at once after a 401', async () => {
    const clock = new ManualClock();
    const path = file('token', 'one\n');
    const token = tokenFile(path, clock);
    expect(await token.authorization?.()).toBe('Bearer one');
    file('token', 'two\n');
    expect(await token.authorization?.()).toBe('Bearer one');
    await clock.advance(60_000);
    expect(await token.authorization?.()).toBe('Bearer two');
    file('token', 'three\n');
    token.onUnauthorized?.();
    expect(await token.authorization?.()).toBe('Bearer three');
  });
});

describe('in-cluster access', () => {
  it('is the cluster of the pod, as its service account', async () => {
    file('ca.crt', 'CA');
    file('token', 'account');
    const access = await inClusterAccess(
      { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' },
      folder,
    );
    expect(access).toMatchObject({ server: 'https://[fd00::1]:443', ca: 'CA' });
    expect(await access.authorization?.()).toBe('Bearer account');
  });

  it('fails outside of a pod', async () => {
    await expect(inClusterAccess({})).rejects.toThrow(/not in a pod.*kubeconfig/);
  });
});
