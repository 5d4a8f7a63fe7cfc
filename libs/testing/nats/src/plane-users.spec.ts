import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { serviceNames, streamsUser } from '@runos/contracts';
import { accountsOf } from './accounts.js';
import { externalUsers, passwordVariable } from './server-config.js';
import { findNatsServer } from './start-nats.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'runos-plane-users-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('externalUsers', () => {
  it('is valid configuration for nats-server, with every password from its environment', async () => {
    const file = join(folder, 'nats.conf');
    writeFileSync(file, `jetstream {}\n${accountsOf(externalUsers())}`);
    const users = [...serviceNames, streamsUser];
    const passwords = Object.fromEntries(users.map((user) => [passwordVariable(user), 'pass-Word_1']));
    const server = await findNatsServer();
    const check = (env: NodeJS.ProcessEnv) => () => execFileSync(server, ['-t', '-c', file], { env, stdio: 'pipe' });
    expect(check(passwords)).not.toThrow();
    expect(check({ ...passwords, NATS_IDENTITY: undefined })).toThrow('NATS_IDENTITY');
  });

  it('lets no user publish to any reply subject, nor a service to the inbox of all users', () => {
    expect(accountsOf(externalUsers())).not.toContain('allow_responses');
    expect(accountsOf(externalUsers())).not.toMatch(/"_INBOX\.[>*]/);
  });
});
