import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { AgentCredentials } from '@runos/agent-session';
import { createAuthority, issueLeaf, newEcKey } from '@runos/pki';
import { FileCredentials } from './file-credentials.js';

const validity = { notBefore: new Date(Date.now() - 1_000), notAfter: new Date(Date.now() + 60_000) };

async function issued(): Promise<AgentCredentials> {
  const ca = await createAuthority('CA', validity);
  const { keyPem, publicKey } = await newEcKey();
  const certificate = await issueLeaf(ca, { ...validity, publicKey, commonName: 'x', usage: 'client' });
  return { certificate, key: keyPem, ca: ca.certificatePem };
}

let one: AgentCredentials;
let other: AgentCredentials;
let folder: string;
beforeAll(async () => {
  one = await issued();
  other = await issued();
});
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'runos-state-')), 'deeper');
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true }));

describe('credentials in files', () => {
  it('are absent until they are saved; the files are readable by their owner only', async () => {
    const files = new FileCredentials(folder);
    expect(await files.load()).toBeUndefined();
    await files.save(one);
    expect(await files.load()).toEqual(one);
    expect(readdirSync(folder).sort()).toEqual(['ca.crt', 'tls.crt', 'tls.key']);
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  it('are replaced together when the process crashes after saving', async () => {
    const files = new FileCredentials(folder);
    await files.save(one);
    const pending = join(folder, 'pending');
    mkdirSync(pending);
    writeFileSync(join(folder, 'tls.key'), other.key);
    writeFileSync(join(pending, 'tls.crt'), other.certificate);
    writeFileSync(join(pending, 'ca.crt'), other.ca);
    expect(await files.load()).toEqual(other);
    expect(readdirSync(folder).sort()).toEqual(['ca.crt', 'tls.crt', 'tls.key']);
  });

  it('are the previous ones when the process crashes while saving', async () => {
    const files = new FileCredentials(folder);
    await files.save(one);
    mkdirSync(join(folder, 'staging'));
    writeFileSync(join(folder, 'staging', 'tls.key'), 'half a ke');
    expect(await files.load()).toEqual(one);
    await files.save(other);
    expect(await files.load()).toEqual(other);
  });

  it('are rejected when key and certificate do not match', async () => {
    const files = new FileCredentials(folder);
    await files.save(one);
    writeFileSync(join(folder, 'tls.key'), other.key);
    await expect(files.load()).rejects.toThrow('do not match');
  });
});
