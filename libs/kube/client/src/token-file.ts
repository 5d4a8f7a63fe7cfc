import { readFile } from 'node:fs/promises';
import { type Clock, systemClock } from '@runos/kernel';
import type { ClusterAccess } from './cluster-access.js';

/** Kubernetes swaps a service account's token on disk every hour, well before it ends: a minute is soon enough. */
const freshMs = 60_000;

/** A bearer token in a file that others rewrite: read again every minute, and at once when it was refused. */
export function tokenFile(path: string, clock: Clock = systemClock): Pick<ClusterAccess, 'authorization' | 'refused'> {
  let read: { header: string; at: number } | undefined;
  return {
    async authorization() {
      const now = clock.now().getTime();
      if (read === undefined || now - read.at >= freshMs) {
        read = { header: `Bearer ${(await readFile(path, 'utf8')).trim()}`, at: now };
      }
      return read.header;
    },
    refused() {
      read = undefined;
    },
  };
}
