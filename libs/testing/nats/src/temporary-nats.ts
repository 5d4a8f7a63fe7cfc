import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { allPowerful, type NatsUser } from './nats-user.js';
import { startNats } from './start-nats.js';

export interface TemporaryNats {
  /** `nats://127.0.0.1:<port>`; user and password go beside it. */
  readonly url: string;
  /** A user who may do everything, always there. */
  readonly user: string;
  readonly password: string;
  /** Replaces the other users and what they may do. */
  setUsers(users: readonly NatsUser[]): void;
  /** Ends the server and starts it again on the same port with what it had stored; `meanwhile` runs without it. */
  restart(meanwhile?: () => Promise<void>): Promise<void>;
  /** Ends the server and removes its data. Any number of calls. */
  stop(): Promise<void>;
}

/**
 * A real nats-server with JetStream, empty, for one test file (20 ms). `users` are added to the all-powerful one.
 * The first call on a machine without nats-server builds it, which takes half a minute.
 */
export async function temporaryNats(users: readonly NatsUser[] = []): Promise<TemporaryNats> {
  const dataDir = mkdtempSync(join(tmpdir(), 'runos-test-nats-'));
  const tester = allPowerful('tester');
  let allowed: readonly NatsUser[] = [tester, ...users];
  let running = await startNats({ dataDir, users: allowed });
  const { port, url } = running;
  let stopped: Promise<void> | undefined;
  const end = async (): Promise<void> => {
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
    stop: () => (stopped ??= end()),
  };
}
