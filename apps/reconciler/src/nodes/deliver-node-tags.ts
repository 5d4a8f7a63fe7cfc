import { Injectable } from '@nestjs/common';
import { type APPLY_NODE_TAGS, nodeTagsCapability, type ReplyOf } from '@runos/agent-protocol';
import { exponentialBackoff } from '@runos/engine';
import { Database } from '@runos/persistence';
import { AgentInstructions } from '../delivery/agent-instructions.js';
import { runAttempts } from '../delivery/run-attempts.js';
import { NodeTagDeliveryRepository, type TagClaim } from './node-tag-delivery-repository.js';

/** Longer than the deadline of the instruction, ms: then another replica continues. */
const leaseMs = 60_000;
/** While a machine has no Kubernetes node, or an agent cannot apply tags, ms. An agent that connects makes it immediate. */
const problemDelayMs = 60_000;
const backoff = exponentialBackoff({ firstMs: 1_000, maxMs: problemDelayMs });

/** The result of one attempt. `problems`: by machine id; other machines have the problem `otherwise`. */
interface Attempt {
  readonly problems: Readonly<Record<string, string | null>>;
  readonly otherwise: string | null;
  readonly failures: number;
  readonly afterMs: number | null;
}

/** Delivers the tags of nodes to cluster agents, until each Kubernetes node has those of its machine. */
@Injectable()
export class DeliverNodeTags {
  constructor(
    private readonly database: Database,
    private readonly deliveries: NodeTagDeliveryRepository,
    private readonly instructions: AgentInstructions,
  ) {}

  /** Attempts each delivery whose time is reached. Returns the time until the next attempt, ms, if there is one. */
  run(): Promise<number | undefined> {
    return runAttempts(this.database.manager, this.deliveries, leaseMs, (claim) => this.#deliver(claim));
  }

  async #deliver(claim: TagClaim): Promise<void> {
    const { problems, otherwise, ...attempt } = await this.#attempt(claim);
    await this.database.transaction(async (sql) => {
      const isCurrent = await this.deliveries.record(sql, claim, attempt);
      if (isCurrent) await this.deliveries.recordProblems(sql, claim.id, problems, otherwise);
    });
  }

  async #attempt(claim: TagClaim): Promise<Attempt> {
    const { cid, capabilities, sessionNo } = claim;
    if (!capabilities.includes(nodeTagsCapability)) {
      const otherwise = `The cluster agent of ${cid} is too old to set tags. Upgrade it.`;
      return { problems: {}, otherwise, failures: 0, afterMs: problemDelayMs };
    }
    const nodes = await this.deliveries.machines(this.database.manager, claim.id);
    const applied = await this.instructions.applyNodeTags({ ...claim, session_no: sessionNo }, { nodes });
    if (applied.outcome === 'replied') return attemptOf(applied.reply);
    const failures = claim.failures + 1;
    const message = 'message' in applied ? applied.message : 'it has not answered yet';
    const otherwise = `The cluster agent of ${cid} has not set the tags: ${message}`;
    return { problems: {}, otherwise, failures, afterMs: backoff(failures) };
  }
}

function attemptOf({ nodes }: ReplyOf<typeof APPLY_NODE_TAGS>): Attempt {
  const problems = Object.fromEntries(nodes.map(({ machineId, problem }) => [machineId, problem]));
  const isDone = nodes.every(({ problem }) => problem === null);
  return { problems, otherwise: null, failures: 0, afterMs: isDone ? null : problemDelayMs };
}
