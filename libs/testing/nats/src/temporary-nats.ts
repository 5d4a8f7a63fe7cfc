import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type NatsUserName } from '@runos/contracts';
import { type NatsUser } from './accounts.js';
import { planeUsers, streamsAdministrator } from './server-config.js';
import { startNats } from './start-nats.js';

export interface TemporaryNats {
  /** `nats://127.0.0.1:<port>`, without user and password. */
  readonly url: string;
  /** An unrestricted user of the streams, which `setUsers` keeps. */
  readonly administrator: { readonly user: string; readonly password: string };
  /** Replaces the other users and their permissions. */
  setUsers(users: readonly NatsUser[]): void;
  /** Restarts the server on the same port and data; `meanwhile` runs while it is stopped. */
  restart(meanwhile?: () => Promise<void>): Promise<void>;
  /** Stops the server and removes its data. Idempotent. */
  stop(): Promise<void>;
}

/**
 * An empty nats-server with JetStream for one test file (20 ms), with `users` and an administrator of streams.
 * Without nats-server on PATH, the first call on a machine builds it (about half a minute).
 */
export async function temporaryNats(users: readonly NatsUser[] = []): Promise<TemporaryNats> {
  const dataDir = mkdtempSync(join(tmpdir(), 'runos-test-nats-'));
  const administrator = streamsAdministrator('administrator');
  let allowed: readonly NatsUser[] = [administrator, ...users];
  let running = await startNats({ dataDir, users: allowed });
  const { port, url } = running;
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    await running.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  return {
    url,
    administrator: { user: administrator.user, password: administrator.password },
    setUsers: (others) => {
      allowed = [administrator, ...others];
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
  /** The NATS settings of a user; replies are validated, and arrive in time also on a busy machine. */
  settingsOf(user: NatsUserName): {
    readonly natsUrl: string;
    readonly natsUser: string;
    readonly natsPassword: string;
    readonly checkReplies: true;
    readonly minRequestDeadlineMs: 60_000;
  };
}

const passwordOf = (user: string): string => `${user}-password`;

/** A real NATS with the users of the control plane and the permissions of its contracts. Its streams are not created. */
export async function planeNats(): Promise<PlaneNats> {
  const nats = await temporaryNats(planeUsers(passwordOf));
  return {
    ...nats,
    settingsOf: (user) => ({
      natsUrl: nats.url,
      natsUser: user,
      natsPassword: passwordOf(user),
      checkReplies: true,
      minRequestDeadlineMs: 60_000,
    }),
  };
}
