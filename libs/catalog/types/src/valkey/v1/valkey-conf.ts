import type { RenderInput } from '@runos/catalog-model';
import { names } from './names.js';

/**
 * The share of the memory limit for data. The rest is for the fork that rewrites the append-only file and for client
 * buffers. Without it the kernel would kill the process (OOM) before Valkey rejects a write.
 */
const share = 0.75;

/** The text of `valkey.conf`. */
export const valkeyConf = (input: RenderInput): string => `bind * -::*
port ${names.port}
protected-mode yes
dir /data
appendonly yes
appendfsync everysec
save ""
maxmemory ${Math.max(1, Math.floor(input.memoryLimitMb * share))}mb
maxmemory-policy noeviction
include ${names.secretDir}/auth.conf
`;

/** In a file, because every process on the node can read a command line. */
export const authConf = (password: string): string => `requirepass ${password}\nmasterauth ${password}\n`;

/** Pod 0 is the primary; the others replicate from it. */
export const startScript = (osid: string): string => `case "$POD_NAME" in
*-0) exec valkey-server ${names.configDir}/valkey.conf ;;
*) exec valkey-server ${names.configDir}/valkey.conf --replicaof ${osid}-0.${names.members(osid)} ${names.port} ;;
esac
`;
