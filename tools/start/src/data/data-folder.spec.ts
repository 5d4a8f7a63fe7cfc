import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { identify } from '@runos/testing-process';
import { DataFolder } from './data-folder.js';
import { ensureSecrets } from './secrets.js';

describe('the data folder', () => {
  let folder: DataFolder;
  beforeEach(() => {
    folder = new DataFolder(join(mkdtempSync(join(tmpdir(), 'runos-data-')), 'data'));
  });
  afterEach(() => rmSync(join(folder.path, '..'), { recursive: true, force: true }));

  it('is locked by one process at a time', () => {
    folder.lock();
    expect(() => new DataFolder(folder.path).lock()).toThrow(
      `A plane runs on ${folder.path} already (process ${process.pid}): stop it first, or use another folder with --data.`,
    );
    folder.unlock();
    folder.lock();
  });

  it('is locked after its holder was killed, even when another process has its number', () => {
    mkdirSync(folder.path);
    writeFileSync(folder.in('lock.json'), JSON.stringify({ ...identify(process.pid), startedAt: '1' }));
    folder.lock();
    expect(folder.holder()?.pid).toBe(process.pid);
  });

  it('names its holder only while the holder runs', async () => {
    mkdirSync(folder.path);
    const other = spawn('sleep', ['60']);
    writeFileSync(folder.in('lock.json'), JSON.stringify(identify(other.pid as number)));
    expect(folder.holder()?.pid).toBe(other.pid);
    other.kill('SIGKILL');
    await new Promise((resolve) => other.once('exit', resolve));
    expect(folder.holder()).toBeUndefined();
  });

  it('writes files that only their owner can read', () => {
    folder.lock();
    folder.writeJson('dev.json', { ready: true });
    expect(statSync(folder.in('dev.json')).mode & 0o777).toBe(0o600);
    expect(folder.readJson('dev.json')).toEqual({ ready: true });
    writeFileSync(folder.in('dev.json'), '{"ready":');
    expect(folder.readJson('dev.json')).toBeUndefined();
  });

  it('creates secrets once and adds missing ones', () => {
    folder.lock();
    const first = ensureSecrets(folder);
    expect(ensureSecrets(folder)).toEqual(first);
    expect(first.keyrings['reconciler']).toMatch(/^first:[A-Za-z0-9+/]{43}=$/);
    const { jobs, ...others } = first.passwords;
    folder.writeJson('secrets.json', { ...first, passwords: others });
    const again = ensureSecrets(folder);
    expect({ ...again.passwords, jobs }).toEqual(first.passwords);
    expect(readFileSync(folder.in('secrets.json'), 'utf8')).toContain(again.passwords.jobs);
  });

  it('rejects data whose secrets are missing, rather than creating others', () => {
    folder.lock();
    mkdirSync(folder.in('postgres'));
    writeFileSync(folder.in('postgres', 'password'), 'x');
    expect(() => ensureSecrets(folder)).toThrow(`${folder.path} has data but no readable secrets.json`);
  });
});
