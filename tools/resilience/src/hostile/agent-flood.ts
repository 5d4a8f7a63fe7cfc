import type { Client } from '@grpc/grpc-js';
import { issueAgentCredentials, ApiClient, TestAgent, type AgentCredentials, withSql } from '@runos/tool-e2e';
import { setTimeout as sleep } from 'node:timers/promises';
import { flood } from './agent-attack.js';
import { read, type ClientStatistics, servedWhile } from './client-statistics.js';
import type { Target } from './target.js';

export interface FloodResult {
  /** The number of messages that the flooding agents sent. */
  readonly sent: number;
  /** The responses to heartbeats of another agent, before and during the flood. */
  readonly otherAgentBefore: ClientStatistics;
  readonly otherAgent: ClientStatistics;
  /** The reads of an ordinary client during the attack. */
  readonly served: ClientStatistics;
}

/** Some agents flood the gateway, while another one sends heartbeats. */
export async function floodAgents(target: Target, attackers: readonly Client[], ms: number): Promise<FloodResult> {
  const agent = new TestAgent(target.agentGateway.stream, await unrelatedCredentials(target));
  const heartbeat = async (): Promise<boolean> => {
    await agent.heartbeat();
    return true;
  };
  try {
    await agent.hello([]);
    const { served: otherAgentBefore } = await servedWhile(heartbeat, () => sleep(ms / 2));
    const { outcome, served: otherAgent } = await servedWhile(heartbeat, () =>
      servedWhile(
        () => read(target),
        () => Promise.all(attackers.map((client) => flood(client, ms))),
      ),
    );
    return { sent: outcome.outcome.reduce((a, b) => a + b, 0), otherAgentBefore, otherAgent, served: outcome.served };
  } finally {
    agent.close();
  }
}

/** The credentials of an agent of an unrelated cluster. */
async function unrelatedCredentials({ apiUrl, token, aid, data, databaseUrl }: Target): Promise<AgentCredentials> {
  const cid = 'other';
  const { status } = await new ApiClient(apiUrl, token).post(`/${aid}/clusters`, { cid });
  if (status >= 300) throw new Error(`the creation of an unrelated cluster was answered ${status}`);
  const proofs = await withSql(databaseUrl, (sql) => issueAgentCredentials(sql, data, aid, [cid]));
  return proofs.get(cid) as AgentCredentials;
}
