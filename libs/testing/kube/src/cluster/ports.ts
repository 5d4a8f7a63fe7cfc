import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import getPort from 'get-port';
import { portIsFree, writeFileAtomic } from '@runos/testing-process';

export interface Ports {
  readonly api: number;
  readonly etcd: number;
  readonly etcdPeer: number;
}

/** The previous ports when they are free, so that a user's kubeconfig stays valid; otherwise free ones. */
export async function choosePorts(dataDir: string, api = 0): Promise<Ports> {
  const file = join(dataDir, 'ports.json');
  const last = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Partial<Ports>) : {};
  const pick = async (port?: number): Promise<number> =>
    port && (await portIsFree(port)) ? port : getPort({ host: '127.0.0.1' });
  const ports: Ports = {
    api: api || (await pick(last.api)),
    etcd: await pick(last.etcd),
    etcdPeer: await pick(last.etcdPeer),
  };
  writeFileAtomic(file, JSON.stringify(ports));
  return ports;
}
