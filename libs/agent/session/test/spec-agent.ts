import { createHash } from 'node:crypto';
import { NodeAgentHeartbeatToServer } from '@runos/agent-protocol';
import { createLogger } from '@runos/observability';
import { AgentSession } from '../src/agent-session.js';
import type { AgentCredentials, CredentialStore } from '../src/credentials/agent-credentials.js';
import type { SessionOptions } from '../src/session-options.js';
import type { SpecPlane } from './spec-plane.js';

/** Credentials in memory, as a Secret would keep them. */
export class MemoryStore implements CredentialStore {
  saves = 0;
  /** One per dial. */
  loads = 0;
  /** How many saves fail first. */
  failures = 0;
  onLoad: () => void = () => undefined;
  constructor(public kept: AgentCredentials | undefined = undefined) {}

  load = async (): Promise<AgentCredentials | undefined> => {
    this.loads += 1;
    this.onLoad();
    return this.kept;
  };
  save = async (credentials: AgentCredentials): Promise<void> => {
    if (this.failures-- > 0) throw new Error('the disk is full');
    this.kept = credentials;
    this.saves += 1;
  };
}

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A session with a spec's plane, in a hurry. */
export function startAgent(plane: SpecPlane, more: Partial<SessionOptions> = {}): AgentSession {
  return new AgentSession({
    kind: 'node',
    server: { host: '127.0.0.1', ...plane.ports },
    trust: { caSha256: sha256(plane.l1.certificatePem) },
    aid: 'abcde',
    token: 'runos_reg_x',
    machineId: 'machine-1',
    os: 'debian-12',
    store: new MemoryStore(),
    logger: createLogger({ service: 'spec', level: 'silent' }),
    hello: async () => ({ version: '1.2.3', capabilities: [] }),
    heartbeat: async () => ({
      report: NodeAgentHeartbeatToServer,
      body: { status: 'ready', isCp: false, isWorker: true, version: '1.2.3', externalIpAddress: '' },
    }),
    onConnected: () => plane.happened(),
    onDisconnected: () => plane.happened(),
    ...more,
    timing: {
      heartbeatMs: 30,
      heartbeatAnswerMs: 300,
      redialFirstMs: 5,
      redialMaxMs: 50,
      waitForChangeMs: 40,
      ...more.timing,
    },
  });
}
