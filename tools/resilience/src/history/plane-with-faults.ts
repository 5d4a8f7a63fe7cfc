import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DataFolder, databaseUrlOf, ensureSecrets, type Operator, replicaName, services } from '@runos/tool-start';
import { nodeOptionsStepped } from '../replicas/clock-skew.js';
import { replicaCount } from '../replicas/replica-faults.js';
import { type SlowProxy, startSlowProxy } from './slow-proxy.js';

/** The file with the current step of a replica's clock, ms. */
export const clockFile = (data: string, name: string): string => join(data, `clock-${name}.txt`);

/** The proxies between the second replicas and the stores. */
export interface StoreProxies {
  readonly nats: SlowProxy;
  readonly postgres: SlowProxy;
}

/** The stores choose their ports when they start; each replica starts later. */
export async function startStoreProxies(data: string): Promise<StoreProxies> {
  const folder = new DataFolder(data);
  return {
    nats: await startSlowProxy(() => natsPort(folder)),
    postgres: await startSlowProxy(() => postgresPort(folder)),
  };
}

const natsPort = (folder: DataFolder): number =>
  Number(new URL(folder.readJson<Operator>('operator.json')?.natsUrl ?? '').port);

function postgresPort(folder: DataFolder): number {
  const pid = folder.readJson<{ pids: Record<string, number> }>('dev.json')?.pids['postgres'];
  const [, port] = /port=(\d+)/.exec(readFileSync(`/proc/${pid}/cmdline`, 'utf8')) ?? [];
  if (port === undefined) throw new Error(`process ${pid} of PostgreSQL has no port among its arguments`);
  return Number(port);
}

/** Options of `npm start`: clocks that can be stepped, and stores behind proxies for the second replicas. */
export function planeWithFaults(data: string, { nats, postgres }: StoreProxies): readonly string[] {
  const secrets = ensureSecrets(new DataFolder(data));
  const storesOf = (plan: (typeof services)[number]): Readonly<Record<string, string>> => ({
    RUNOS_NATS_URL: `nats://127.0.0.1:${nats.port}`,
    ...(plan.database && {
      RUNOS_DATABASE_URL: databaseUrlOf(plan.name, {
        postgres: { url: `postgresql://127.0.0.1:${postgres.port}` },
        secrets,
      }),
    }),
  });
  const environments = services.flatMap((plan) =>
    Array.from({ length: replicaCount }, (_, number) => {
      const name = replicaName(plan, number);
      writeFileSync(clockFile(data, name), '0');
      const variables = {
        NODE_OPTIONS: nodeOptionsStepped(clockFile(data, name)),
        ...(number === 1 ? storesOf(plan) : {}),
      };
      return Object.entries(variables).flatMap(([variable, value]) => ['--env', `${name}:${variable}=${value}`]);
    }).flat(),
  );
  return ['--replicas', String(replicaCount), ...environments];
}
