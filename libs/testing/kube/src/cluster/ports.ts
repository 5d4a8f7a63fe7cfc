import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import getPort from 'get-port';
import { portIsFree, writeFileAtomic } from '@runos/testing-process';

export interface Ports {
  readonly api: number;
  readonly etcd: number;
  readonly etcdPeer: number;
}

/** Where an API server listens that nodes reach. */
export interface ApiAddress {
  readonly host: string;
  /** Its port at the first start, unless a program of the machine listens at all addresses. */
  readonly usual: number;
}

/** The previous ports when they are free, so that a user's kubeconfig stays valid; otherwise free ones. */
export async function choosePorts(dataDir: string, api = 0, address?: ApiAddress): Promise<Ports> {
  const file = join(dataDir, 'ports.json');
  const last = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Partial<Ports>) : {};
  const pick = async (preferred: readonly (number | undefined)[], host = '127.0.0.1'): Promise<number> => {
    for (const port of preferred) if (port && (await portIsFree(port, host))) return port;
    return getPort({ host });
  };
  const ports: Ports = {
    api: api || (await pick([last.api, address?.usual], address?.host)),
    etcd: await pick([last.etcd]),
    etcdPeer: await pick([last.etcdPeer]),
  };
  writeFileAtomic(file, JSON.stringify(ports));
  return ports;
}
