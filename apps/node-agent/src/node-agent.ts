import { createRequire } from 'node:module';
import { type BodyOf, NodeAgentHeartbeatToServer } from '@runos/agent-protocol';
import { AgentSession, type Heartbeat, type SessionTiming } from '@runos/agent-session';
import type { Logger } from '@runos/observability';
import { kubernetesFacts, machineId, osName } from './machine/machine-facts.js';
import type { NodeAgentConfig } from './config.js';
import { FileCredentials } from './state/file-credentials.js';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

/** Starts the agent of this machine. It runs until `stop` is called. */
export async function startNodeAgent(
  config: NodeAgentConfig,
  logger: Logger,
  timing?: Partial<SessionTiming>,
): Promise<AgentSession> {
  if (config.ca === undefined && config.caSha256 === undefined && config.token !== undefined) {
    throw new Error('a registration token needs --ca FILE or --ca-sha256 HASH, which verify the server');
  }
  const { server: host, registerPort, streamPort } = config;
  return new AgentSession({
    kind: 'node',
    server: { host, registerPort, streamPort },
    trust: { caFile: config.ca, caSha256: config.caSha256 },
    aid: config.aid,
    token: config.token,
    machineId: config.machineId ?? (await machineId()),
    os: await osName(),
    store: new FileCredentials(config.state),
    logger,
    hello: async () => ({ version, capabilities: [] }),
    heartbeat,
    timing,
  });
}

/** The public address is empty, because finding it would need a request to an Internet service every 5 s. */
async function heartbeat(): Promise<Heartbeat> {
  const body: BodyOf<typeof NodeAgentHeartbeatToServer> = {
    ...(await kubernetesFacts()),
    externalIpAddress: '',
    version,
    rolesKnown: true,
  };
  return { report: NodeAgentHeartbeatToServer, body };
}
