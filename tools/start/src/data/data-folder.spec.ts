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

  it('is taken by one process at a time', () => {
    folder.take();
    expect(() => new DataFolder(folder.path).take()).toThrow(
      `A plane runs on ${folder.path} already (process ${process.pid}): stop it first, or use another folder with --data.`,
    );
    folder.release();
    folder.take();
  });

  it("is taken over from a process that was killed, also when its number is another one's now", () => {
    mkdirSync(folder.path);
    writeFileSync(folder.in('lock.json'), JSON.stringify({ ...identify(process.pid), startedAt: '1' }));
    folder.take();
    expect(folder.holder()?.pid).toBe(process.pid);
  });

  it('names its holder only while that lives', async () => {
    mkdirSync(folder.path);
    const other = spawn('sleep', ['60']);
    writeFileSync(folder.in('lock.json'), JSON.stringify(identify(other.pid as number)));
    expect(folder.holder()?.pid).toBe(other.pid);
    other.kill('SIGKILL');
    await new Promise((resolve) => other.once('exit', resolve));
    expect(folder.holder()).toBeUndefined();
  });

  it('keeps what it is told to its owner', () => {
    folder.take();
    folder.writeJson('dev.json', { ready: true });
    expect(statSync(folder.in('dev.json')).mode & 0o777).toBe(0o600);
    expect(folder.readJson('dev.json')).toEqual({ ready: true });
    writeFileSync(folder.in('dev.json'), '{"ready":');
    expect(folder.readJson('dev.json')).toBeUndefined();
  });

  it('makes secrets once and adds what is missing', () => {
    folder.take();
    const first = ensureSecrets(folder);
    expect(ensureSecrets(folder)).toEqual(first);
    expect(first.keyrings['reconciler']).toMatch(/^first:[A-Za-z0-9+/]{43}=$/);
    const { jobs, ...others } = first.passwords;
    folder.writeJson('secrets.json', { ...first, passwords: others });
    const again = ensureSecrets(folder);
    expect({ ...again.passwords, jobs }).toEqual(first.passwords);
    expect(readFileSync(folder.in('secrets.json'), 'utf8')).toContain(again.passwords.jobs);
  });

  it('refuses data whose secrets are gone, rather than making others', () => {
    folder.take();
    mkdirSync(folder.in('postgres'));
    writeFileSync(folder.in('postgres', 'password'), 'x');
    expect(() => ensureSecrets(folder)).toThrow(`${folder.path} has data but no readable secrets.json`);
  });
});
