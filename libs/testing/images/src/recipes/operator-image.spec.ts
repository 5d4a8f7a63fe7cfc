import { unpackArchive } from '@runos/testing-kube';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { addon } from '@runos/addons';
import { operatorImage, operatorReference } from './operator-image.js';

describe("the operator's image", () => {
  const { version, recognition } = addon('cloudnative-pg');
  let folder: string;
  let program: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'runos-operator-'));
    program = join(folder, 'manager');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('has the reference of the pinned manifest', async () => {
    expect(await operatorReference()).toMatch(new RegExp(`^[a-z.]+/${recognition.image}:${version}$`));
  }, 900_000);

  it('holds the program under both of its names', async () => {
    writeFileSync(program, `static ${folder}`);
    const archive = await operatorImage(program);
    rmSync(program);
    const { root, config } = unpackArchive(archive, folder);
    expect(config).toMatchObject({ User: '65532:65532', Entrypoint: ['/manager'] });
    expect(readFileSync(join(root, 'manager'), 'utf8')).toBe(`static ${folder}`);
    const [linked] = readdirSync(join(root, 'operator'));
    expect(linked).toMatch(/^manager_(amd64|arm64)$/);
    expect(readlinkSync(join(root, 'manager'))).toBe(`operator/${linked}`);
    rmSync(archive);
  }, 900_000);

  it('is refused for a program that needs libraries', async () => {
    writeFileSync(program, '\x7fELF /lib64/ld-linux-x86-64.so.2');
    await expect(operatorImage(program)).rejects.toThrow(/CGO_ENABLED=0/);
  }, 900_000);
});
