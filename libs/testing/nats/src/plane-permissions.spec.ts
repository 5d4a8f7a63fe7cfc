import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type NatsUserName, serviceNames, streamsUser } from '@runos/contracts';
import { type PermissionProbe, permissionProbes } from './permission-probes.js';
import { refusedProbes } from './refused-probes.js';
import { planeUsers } from './server-config.js';
import { type RunningNats, startNats } from './start-nats.js';

describe('permissions of each user', () => {
  let dataDir: string;
  let nats: RunningNats;
  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'runos-nats-'));
    nats = await startNats({ dataDir, users: planeUsers((user) => `${user}-pw`) });
  });
  afterAll(async () => {
    await nats.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  /** The probes that pass, in their order. */
  async function accepted(user: NatsUserName, probes: readonly PermissionProbe[]): Promise<PermissionProbe[]> {
    const refused = await refusedProbes({ url: nats.url, user, password: `${user}-pw` }, probes);
    return probes.filter((probe) => !refused.includes(probe));
  }
  const isJetStream = ({ subject }: PermissionProbe): boolean => subject.startsWith('$JS.API.');
  const users: readonly NatsUserName[] = [...serviceNames, streamsUser];

  it.each(users)('%s publishes and subscribes exactly to the subjects of its contracts', async (user) => {
    const probes = permissionProbes(user).filter((probe) => !isJetStream(probe));
    expect(await accepted(user, probes)).toEqual(probes.filter(({ allowed }) => allowed));
    expect(probes.length).toBeGreaterThan(100);
  });

  it.each(users)('%s has only its part of the JetStream API', async (user) => {
    const probes = permissionProbes(user).filter(isJetStream);
    expect(await accepted(user, probes)).toEqual(probes.filter(({ allowed }) => allowed));
    expect(probes.length).toBeGreaterThan(100);
  });
});
