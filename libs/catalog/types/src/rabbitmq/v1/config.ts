import type { RenderInput } from '@runos/catalog-model';
import { names } from './names.js';

/** The share of the memory limit at which publishers are blocked; the rest is for Erlang's garbage collection. */
const share = 0.6;

/** The cluster is formed of all pods by name, which needs no rights on the Kubernetes API. */
export function rabbitmqConf({ osid, replicas, memoryLimitMb }: RenderInput): string {
  const nodes = Array.from(
    { length: replicas },
    (_, ordinal) => `cluster_formation.classic_config.nodes.${ordinal + 1} = ${names.node(osid, ordinal)}\n`,
  );
  return `listeners.tcp.default = ${names.amqpPort}
management.tcp.port = ${names.managementPort}
log.console = true
vm_memory_high_watermark.absolute = ${Math.max(1, Math.floor(memoryLimitMb * share))}MiB
disk_free_limit.absolute = 256MB
cluster_partition_handling = pause_minority
cluster_formation.peer_discovery_backend = classic_config
${nodes.join('')}`;
}

/** In a file of the Secret, because the environment of a process is easier to read. */
export const authConf = (password: string): string =>
  `default_user = ${names.username}\ndefault_pass = ${password}\nloopback_users.guest = true\n`;

/** Erlang refuses a cookie that others can read, and a Secret's file belongs to root. */
export const startScript = `umask 077
cp /etc/rabbitmq/secret/cookie ${names.dataDir}/.erlang.cookie
exec docker-entrypoint.sh rabbitmq-server
`;
