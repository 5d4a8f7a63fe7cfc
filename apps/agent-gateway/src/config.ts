import { isIP } from 'node:net';
import { staleAfterMs } from '@runos/agent-protocol';
import { databaseSettings, serviceConfig, wholeNumber } from '@runos/config';
import { keyringSettings } from '@runos/security';
import { z } from 'zod';
import { unknownPlaceholders } from './registration/install-command.js';

const durationMs = (defaultMs: number) => wholeNumber(1, 3_600_000).default(defaultMs);

const serverName = /^[A-Za-z0-9]([A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?$/;
const serverNameList = z
  .string()
  .transform((text) => text.split(',').map((name) => name.trim()))
  .refine((names) => names.every((name) => serverName.test(name)), 'DNS names and IP addresses, separated by commas');

/** An address, or a range `<address>/<prefix length>` that does not contain every address. */
function isAddressRange(text: string): boolean {
  const [address = '', prefix, ...others] = text.split('/');
  const bits = isIP(address) === 4 ? 32 : isIP(address) === 6 ? 128 : 0;
  if (bits === 0 || others.length > 0) return false;
  return prefix === undefined || (/^[1-9]\d{0,2}$/.test(prefix) && Number(prefix) <= bits);
}
const addressRanges = z
  .string()
  .transform((text) =>
    text
      .split(',')
      .map((range) => range.trim())
      .filter((range) => range !== ''),
  )
  .refine((ranges) => ranges.every(isAddressRange), 'IP addresses and ranges like 10.0.0.0/24, separated by commas');

const commandTemplate = z.string().refine((text) => unknownPlaceholders(text).length === 0, {
  error: 'placeholders are {server}, {registerPort}, {streamPort}, {aid}, {cid}, {token} and {caSha256}',
});
const options =
  '--server {server} --register-port {registerPort} --stream-port {streamPort} --aid {aid} --token {token} --ca-sha256 {caSha256}';
const variables =
  'RUNOS_SERVER={server} RUNOS_REGISTER_PORT={registerPort} RUNOS_STREAM_PORT={streamPort} RUNOS_AID={aid} ' +
  'RUNOS_TOKEN={token} RUNOS_CA_SHA256={caSha256}';

const settings = {
  ...databaseSettings,
  ...keyringSettings,
  /** The address on which both agent ports listen. */
  agentHost: z.string().default('0.0.0.0'),
  /** 0 takes any free port. */
  registerPort: wholeNumber(0, 65_535).default(9191),
  streamPort: wholeNumber(0, 65_535).default(9192),
  /** The ports that agents dial when a load balancer forwards them; default: the ports above. */
  publicRegisterPort: wholeNumber(1, 65_535).optional(),
  publicStreamPort: wholeNumber(1, 65_535).optional(),
  /**
   * Balancers in front of both agent ports, which must send the header of the PROXY protocol, version 1 or 2: addresses
   * and CIDR ranges. A header from elsewhere is not accepted. Default: none, so limits count by the address of the peer.
   */
  proxyProtocolFrom: addressRanges.default([]),
  /** A connection without a call or a stream is closed after this time, ms. */
  connectionIdleTimeoutMs: durationMs(60_000),
  /** A connection to the register port is closed after this time in any case, ms. A registration takes a few seconds. */
  registerConnectionTimeoutMs: durationMs(60_000),
  /** Open connections of one client network per port; 0 switches the limit off. An agent needs one per port. */
  registerConnectionsPerClient: wholeNumber(0, 1_000_000).default(256),
  streamConnectionsPerClient: wholeNumber(0, 1_000_000).default(10_000),
  /** The names that agents dial; both server certificates contain them. Install commands use the first one. */
  serverNames: serverNameList.default(['localhost', '127.0.0.1']),
  /** The service writes the CA certificate of the register port to this file, for agents on the same machine. */
  caFile: z.string().optional(),
  agentCertificateDays: wholeNumber(1, 3_650).default(365),
  tokenTtlSeconds: wholeNumber(1, 86_400).default(900),
  /** An agent is not ready when its last heartbeat is older than this, ms. */
  staleAfterMs: durationMs(staleAfterMs),
  /** The interval at which a replica renews its lease and writes heartbeats, ms. */
  maintenanceIntervalMs: durationMs(10_000),
  /** Other replicas close the sessions of a replica whose lease is older than this, ms. */
  leaseMs: durationMs(30_000),
  /** A renewed certificate stays valid for this long after the first use of its successor, ms. */
  renewalGraceMs: durationMs(300_000),
  nodeCommand: commandTemplate.default(`node apps/node-agent/dist/main.js ${options}`),
  clusterAgentCommand: commandTemplate.default(
    `${variables} RUNOS_KUBECONFIG=$KUBECONFIG node apps/cluster-agent/dist/main.js`,
  ),
};

export const agentGatewayConfig = serviceConfig(settings).refine(
  ({ leaseMs, maintenanceIntervalMs }) => leaseMs >= 2 * maintenanceIntervalMs,
  {
    path: ['leaseMs'],
    error: 'must be at least twice RUNOS_MAINTENANCE_INTERVAL_MS, so that one late renewal does not close every stream',
  },
);

export type AgentGatewayConfig = z.output<typeof agentGatewayConfig>;
