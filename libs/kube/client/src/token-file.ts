import { readFile } from 'node:fs/promises';
import { type Clock, systemClock } from '@runos/kernel';
import type { ClusterAccess } from './cluster-access.js';

/** The kubelet replaces a service account token on disk long before it expires; client-go reads it every minute too. */
const cacheMs = 60_000;

/** A bearer token in a file that is rotated. It is read again every minute, and at once after a 401. */
export function tokenFile(
  path: string,
  clock: Clock = systemClock,
): Pick<ClusterAccess, 'authorization' | 'onUnauthorized'> {
  let read: { header: string; at: number } | undefined;
  return {
    async authorization() {
      const now = clock.now().getTime();
      if (read === undefined || now - read.at >= cacheMs) {
        read = { header: `Bearer ${(await readFile(path, 'utf8')).trim()}`, at: now };
      }
      return read.header;
    },
    onUnauthorized() {
      read = undefined;
    },
  };
}
