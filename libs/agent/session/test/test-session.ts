import { createHash } from 'node:crypto';
import { NodeAgentHeartbeatToServer } from '@runos/agent-protocol';
import { createLogger } from '@runos/observability';
import { AgentSession } from '../src/agent-session.js';
import type { AgentCredentials, CredentialStore } from '../src/credentials/agent-credentials.js';
import type { SessionOptions } from '../src/session-options.js';
import type { FakePlane } from './fake-plane.js';

/** Keeps credentials in memory. */
export class MemoryStore implements CredentialStore {
  saves = 0;
  /** One per dial. */
  loads = 0;
  /** The number of saves that fail first. */
  failures = 0;
  onLoad: () => void = () => undefined;
  constructor(public stored: AgentCredentials | undefined = undefined) {}

  /** The certificate and its key. @throws Error while none is stored */
  get credentials(): AgentCredentials {
    if (this.stored === undefined) throw new Error('the store is empty');
    return this.stored;
  }

  load = async (): Promise<AgentCredentials | undefined> => {
    this.loads += 1;
    this.onLoad();
    return this.stored;
  };
  save = async (credentials: AgentCredentials): Promise<void> => {
    if (this.failures-- > 0) throw new Error('the disk is full');
    this.stored = credentials;
    this.saves += 1;
  };
}

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Starts a session with a fake plane and short times. */
export function startSession(plane: FakePlane, options: Partial<SessionOptions> = {}): AgentSession {
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
    onConnected: () => plane.notify(),
    onDisconnected: () => plane.notify(),
    ...options,
    timing: {
      heartbeatMs: 30,
      heartbeatReplyTimeoutMs: 300,
      redialFirstMs: 5,
      redialMaxMs: 50,
      waitForChangeMs: 40,
      ...options.timing,
    },
  });
}
