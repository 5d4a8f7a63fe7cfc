import { databaseSettings, serviceConfig, wholeNumber } from '@runos/config';
import { keyringSettings } from '@runos/security';
import { z } from 'zod';
import { unknownPlaceholders } from './registration/install-command.js';

const seconds = (standard: number) => wholeNumber(1, 3_600_000).default(standard * 1_000);

const serverName = /^[A-Za-z0-9]([A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?$/;
const names = z
  .string()
  .transform((text) => text.split(',').map((name) => name.trim()))
  .refine((list) => list.every((name) => serverName.test(name)), 'DNS names and IP addresses, separated by commas');

const template = z.string().refine((text) => unknownPlaceholders(text).length === 0, {
  error: 'placeholders are {server}, {registerPort}, {streamPort}, {aid}, {cid}, {token} and {caSha256}',
});
const options =
  '--server {server} --register-port {registerPort} --stream-port {streamPort} --aid {aid} --token {token} --ca-sha256 {caSha256}';
const variables =
  'RUNOS_SERVER={server} RUNOS_REGISTER_PORT={registerPort} RUNOS_STREAM_PORT={streamPort} RUNOS_AID={aid} ' +
  'RUNOS_TOKEN={token} RUNOS_CA_SHA256={caSha256}';

const own = {
  ...databaseSettings,
  ...keyringSettings,
  /** Where both ports listen. */
  agentHost: z.string().default('0.0.0.0'),
  /** 0 takes any free port. */
  registerPort: wholeNumber(0, 65_535).default(9191),
  streamPort: wholeNumber(0, 65_535).default(9192),
  /** Where agents dial when a balancer stands in front; default the ports themselves. */
  publicRegisterPort: wholeNumber(1, 65_535).optional(),
  publicStreamPort: wholeNumber(1, 65_535).optional(),
  /** Under which agents dial; in both server certificates. The first one goes into install commands. */
  serverNames: names.default(['localhost', '127.0.0.1']),
  /** Where to leave the CA of the register port, for agents on this machine. */
  caFile: z.string().optional(),
  agentCertificateDays: wholeNumber(1, 3_650).default(365),
  tokenTtlSeconds: wholeNumber(1, 86_400).default(900),
  /** Readiness, ms: how long without a beat, how often beats are written, how long a silent replica counts as alive. */
  staleAfterMs: seconds(30),
  pulseMs: seconds(10),
  leaseMs: seconds(30),
  /** How long a renewed certificate lives on beside its successor, ms. */
  renewedGraceMs: seconds(300),
  nodeCommand: template.default(`node apps/node-agent/dist/main.js ${options}`),
  clusterAgentCommand: template.default(
    `${variables} RUNOS_KUBECONFIG=$KUBECONFIG node apps/cluster-agent/dist/main.js`,
  ),
};

export const agentGatewayConfig = serviceConfig(own).refine(({ leaseMs, pulseMs }) => leaseMs >= 2 * pulseMs, {
  path: ['leaseMs'],
  error: 'at least twice the pulse, or a late pulse would drop every stream',
});

export type AgentGatewayConfig = z.output<typeof agentGatewayConfig>;
