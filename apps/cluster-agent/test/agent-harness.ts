import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Bundle,
  type BundleStatus,
  type BodyOf,
  type InputOf,
  instructionEnvelope,
  type Instruction,
} from '@runos/agent-protocol';
import { FakePlane } from '@runos/agent-session/test';
import { bearer } from '@runos/kube-client';
import { createLogger } from '@runos/observability';
import { waitUntil } from '@runos/testing-process';
import { ClusterAgent } from '../src/cluster-agent.js';
import { clusterAgentConfig } from '../src/config.js';
import type { AgentAccess } from './agent-access.js';
import { deleteStored } from './harness.js';

const timing = {
  heartbeatMs: 100,
  // A busy machine may reply late; the agent would dial again, and an instruction to the former stream is lost.
  heartbeatReplyTimeoutMs: 10_000,
  redialFirstMs: 20,
  redialMaxMs: 100,
  waitForChangeMs: 200,
  backoffResetMs: 1_000,
};

/** Whole agents in a real cluster, and a plane that they connect to. */
export class AgentHarness {
  readonly agents: ClusterAgent[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), 'runos-cluster-agent-'));

  private constructor(
    readonly access: AgentAccess,
    readonly plane: FakePlane,
    private readonly leaseDurationMs: number | undefined,
  ) {}

  /** `leaseDurationMs`: for a lease that has to expire. The default one outlives a pause of the process. */
  static async start(access: AgentAccess, leaseDurationMs?: number): Promise<AgentHarness> {
    const plane = await FakePlane.start();
    plane.onReport = ({ type }) => (type === 'AgentHello' ? { inSync: true } : {});
    return new AgentHarness(access, plane, leaseDurationMs);
  }

  /** `server`: the address of the API server, if it is not that of the cluster. */
  startAgent(changes: Record<string, unknown> = {}, server = this.access.cluster.server): ClusterAgent {
    const caFile = join(this.#folder, 'ca.crt');
    writeFileSync(caFile, this.plane.l1.certificatePem);
    const { namespace, token, cluster } = this.access;
    const given = {
      server: '127.0.0.1',
      aid: 'abcde',
      ca: caFile,
      token: 'runos_reg_x',
      namespace,
      holder: `agent-${this.agents.length}`,
      ...changes,
    };
    const config = { ...clusterAgentConfig.parse(given), ...this.plane.ports };
    const logger = createLogger({ service: 'cluster-agent', level: 'silent' });
    const options = { config, logger, timing, leaseDurationMs: this.leaseDurationMs };
    const agent = new ClusterAgent(options, { server, ca: cluster.ca, ...bearer(token) });
    this.agents.push(agent);
    return agent;
  }

  /** Stops the agents and the plane, and deletes what the agents have stored. */
  async stop(): Promise<void> {
    await Promise.all(this.agents.map((agent) => agent.stop()));
    this.plane.close();
    rmSync(this.#folder, { recursive: true, force: true });
    await deleteStored(this.access);
  }

  /** Sends an instruction over a stream, by default the newest one. Returns its tag. */
  instruct<I extends Instruction>(instruction: I, input: InputOf<I>, stream = this.plane.streams.at(-1)): string {
    const tag = crypto.randomUUID();
    stream?.write(instructionEnvelope(instruction, input, tag));
    return tag;
  }

  reportsOf(type: string) {
    return this.plane.reports.filter((report) => report.type === type);
  }

  /** The statuses that the plane has received of an instance. */
  statusesOf(osid: Bundle['osid']): BodyOf<typeof BundleStatus>[] {
    return this.plane.reports.flatMap((report) =>
      report.type === 'BundleStatus' && report.body.osid === osid ? [report.body] : [],
    );
  }

  /** Waits for the last status of an instance to have this phase. */
  untilPhase(osid: Bundle['osid'], phase: string, generation?: number): Promise<void> {
    const fits = () => {
      const last = this.statusesOf(osid).at(-1);
      return last?.phase === phase && (generation === undefined || last.generation === generation);
    };
    return this.until(fits, `the phase ${phase} of ${osid}`);
  }

  until(holds: () => unknown, what: string): Promise<void> {
    return waitUntil(() => Boolean(holds()), { because: () => `${what} did not happen` });
  }
}
