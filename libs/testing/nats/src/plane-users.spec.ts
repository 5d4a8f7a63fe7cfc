import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { contracts, serviceNames } from '@runos/contracts';
import { passwordVariable, planeUsers } from './server-config.js';
import { findNatsServer } from './start-nats.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'runos-plane-users-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('planeUsers', () => {
  it('is valid configuration for nats-server, with every password from its environment', async () => {
    const file = join(folder, 'nats.conf');
    writeFileSync(file, planeUsers());
    const passwords = Object.fromEntries(serviceNames.map((user) => [passwordVariable(user), 'pass-Word_1']));
    const server = await findNatsServer();
    const check = (env: NodeJS.ProcessEnv) => () => execFileSync(server, ['-t', '-c', file], { env, stdio: 'pipe' });
    expect(check(passwords)).not.toThrow();
    expect(check({ ...passwords, NATS_IDENTITY: undefined })).toThrow('NATS_IDENTITY');
  });

  it('lets only services that respond to requests publish to reply subjects', () => {
    const users = planeUsers().split('\n');
    const allows = (user: string) =>
      users.some((line) => line.includes(`"${user}"`) && line.includes('allow_responses'));
    expect(serviceNames.filter(allows)).toEqual(
      serviceNames.filter((user) => contracts.some(({ kind, owner }) => kind === 'request' && owner === user)),
    );
    expect(allows('gateway')).toBe(false);
  });
});
