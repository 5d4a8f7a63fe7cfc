import type { RenderInput } from '../service-type.js';
import { names } from './names.js';

/**
 * The rest of the limit is for the copy that a rewrite of the append-only file makes and for the clients' buffers;
 * beyond it the kernel would end the process instead of Valkey refusing a write.
 */
const share = 0.75;

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

/** In a file and not on the command line, where every process on the node could read it. */
export const authConf = (password: string): string => `requirepass ${password}\nmasterauth ${password}\n`;

/** The first pod takes writes, the others copy it. */
export const startScript = (osid: string): string => `case "$POD_NAME" in
*-0) exec valkey-server ${names.configDir}/valkey.conf ;;
*) exec valkey-server ${names.configDir}/valkey.conf --replicaof ${osid}-0.${names.members(osid)} ${names.port} ;;
esac
`;
