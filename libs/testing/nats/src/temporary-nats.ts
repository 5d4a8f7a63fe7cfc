import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contracts, permissionsOf, type ServiceName, serviceNames } from '@runos/contracts';
import { type NatsUser, unrestrictedUser } from './server-config.js';
import { startNats } from './start-nats.js';

export interface TemporaryNats {
  /** `nats://127.0.0.1:<port>`, without user and password. */
  readonly url: string;
  /** An unrestricted user, which `setUsers` keeps. */
  readonly user: string;
  readonly password: string;
  /** Replaces the other users and their permissions. */
  setUsers(users: readonly NatsUser[]): void;
  /** Restarts the server on the same port and data; `meanwhile` runs while it is stopped. */
  restart(meanwhile?: () => Promise<void>): Promise<void>;
  /** Stops the server and removes its data. Idempotent. */
  stop(): Promise<void>;
}

/**
 * An empty nats-server with JetStream for one test file (20 ms), with `users` and one unrestricted user.
 * Without nats-server on PATH, the first call on a machine builds it (about half a minute).
 */
export async function temporaryNats(users: readonly NatsUser[] = []): Promise<TemporaryNats> {
  const dataDir = mkdtempSync(join(tmpdir(), 'runos-test-nats-'));
  const tester = unrestrictedUser('tester');
  let allowed: readonly NatsUser[] = [tester, ...users];
  let running = await startNats({ dataDir, users: allowed });
  const { port, url } = running;
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    await running.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  return {
    url,
    user: tester.user,
    password: tester.password,
    setUsers: (others) => {
      allowed = [tester, ...others];
      running.setUsers(allowed);
    },
    restart: async (meanwhile = async () => undefined) => {
      await running.stop();
      try {
        await meanwhile();
      } finally {
        running = await startNats({ dataDir, port, users: allowed });
      }
    },
    stop: () => (stopped ??= stop()),
  };
}

export interface PlaneNats extends TemporaryNats {
  /** The NATS settings of a service; replies are validated. */
  settingsOf(service: ServiceName): {
    readonly natsUrl: string;
    readonly natsUser: string;
    readonly natsPassword: string;
    readonly checkReplies: true;
  };
}

const passwordOf = (service: ServiceName): string => `${service}-password`;

/** A real NATS with one user per service and the permissions of its contracts. */
export async function planeNats(): Promise<PlaneNats> {
  const nats = await temporaryNats(
    serviceNames.map((user) => ({ user, password: passwordOf(user), ...permissionsOf(user, contracts) })),
  );
  return {
    ...nats,
    settingsOf: (service) => ({
      natsUrl: nats.url,
      natsUser: service,
      natsPassword: passwordOf(service),
      checkReplies: true,
    }),
  };
}
