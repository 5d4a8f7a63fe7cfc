import { Injectable } from '@nestjs/common';
import {
  APPLY_ADDON,
  APPLY_BUNDLE,
  APPLY_NODE_TAGS,
  DELETE_ADDON,
  DELETE_BUNDLE,
  DIFF_BUNDLE,
  HOLD_DELETION,
  READ_BUNDLE,
  type ReplyOf,
  type StoredBundle,
} from '@runos/agent-protocol';
import { agentGateway } from '@runos/contracts';
import { faultOf } from '@runos/kernel';
import { Bus } from '@runos/messaging';
import { kindRules } from '@runos/service-types';
import type { DeletionRow } from '../deletions/deletion-repository.js';
import { EarlierRevisions } from '../divergence/earlier-revisions.js';
import { SealedSpecs } from '../divergence/sealed-spec.js';
import { InstanceSecrets } from '../instances/instance-secrets.js';
import { renderBundle } from '../rendering/render-bundle.js';
import type { ClusterRow } from '../schema/cluster-row.js';
import type { InstanceRow } from '../schema/instance-row.js';
import type { z } from 'zod';
import { deliveredWriters } from './delivered-writers.js';
import type { InstructionOutcome } from './delivery-plan.js';

interface Instruction {
  readonly type: string;
  readonly deadlineMs: number;
  readonly reply: z.ZodType<{
    accepted: boolean;
    done?: boolean;
    reason?: string | undefined;
    stored?: StoredBundle | undefined;
  }>;
}

/** `refused`: the agent, or the agent gateway, is too old. `none`: it did not reply in time. */
interface ReadOutcome {
  readonly outcome: 'replied' | 'refused' | 'none';
  readonly stored: ReplyOf<typeof READ_BUNDLE>['stored'];
}

/** The reply of an agent, or why there is none. */
export type AgentReply<Reply> =
  | { readonly outcome: 'replied'; readonly reply: Reply }
  | Extract<InstructionOutcome, { readonly outcome: 'absent' | 'unknown' | 'failed' | 'refused' }>;

/** A cluster with the recorded connection of its agent. */
type Cluster = Pick<ClusterRow, 'aid' | 'cid' | 'connected' | 'session_no'>;
type InstructReply = z.output<typeof agentGateway.instruct.output>;

/** The time of the agent gateway, in addition to the deadline of the agent, ms. */
const gatewayOverheadMs = 2_000;

/** Sends instructions to cluster agents by the agent gateway, and reads their replies. */
@Injectable()
export class AgentInstructions {
  constructor(
    private readonly bus: Bus,
    private readonly secrets: InstanceSecrets,
    private readonly specs: SealedSpecs,
    private readonly revisions: EarlierRevisions,
  ) {}

  /**
   * Renders the desired objects again; the digest proves that they are the objects of the write.
   * @throws Error when the digest differs
   */
  async applyBundle(instance: InstanceRow): Promise<InstructionOutcome> {
    const { osid, type, spec, digest, revision, bundle_generation: generation } = instance;
    const bundle = renderBundle({ osid, type, cluster: instance, spec, secrets: this.secrets.unseal(instance) });
    if (bundle.digest !== digest) {
      throw new Error(`${osid} revision ${revision} renders to digest ${bundle.digest} instead of ${digest}`);
    }
    const { driftPolicy } = spec;
    const { objectsGz } = bundle;
    const history = await this.revisions.of(instance);
    const sealedSpec = this.specs.seal(instance, spec);
    const sealed = sealedSpec === undefined ? {} : { sealedSpec };
    const policy = { driftPolicy, ...deliveredWriters(instance), ...consentOf(instance) };
    const body = { osid, generation, revision, digest, ...policy, objectsGz, ...kindRules(type), ...sealed, history };
    return this.#instruct(instance, APPLY_BUNDLE, body);
  }

  async removeBundle(instance: InstanceRow): Promise<InstructionOutcome> {
    const { osid, revision, bundle_generation: generation } = instance;
    const history = await this.revisions.of(instance);
    return this.#instruct(instance, DELETE_BUNDLE, { osid, generation, revision, history });
  }

  /** Deletes an instance that has no row any more. Its tombstone brings no history: its revisions are deleted. */
  async repeatDeletion({ osid, revision, generation, ...cluster }: DeletionRow): Promise<InstructionOutcome> {
    return this.#instruct(cluster, DELETE_BUNDLE, { osid, generation, revision });
  }

  /** What the agent stores of an instance. */
  async readBundle(instance: InstanceRow): Promise<ReadOutcome> {
    const none = { outcome: 'none', stored: null } as const;
    try {
      const response = await this.#send(instance, READ_BUNDLE, { osid: instance.osid });
      if (response.outcome === 'absent' || response.outcome === 'unknown') return none;
      const read = response.outcome === 'replied' ? READ_BUNDLE.reply.safeParse(response.body) : undefined;
      return read?.success ? { outcome: 'replied', ...read.data } : { outcome: 'refused', stored: null };
    } catch (error) {
      const code = faultOf(error)?.code;
      if (code === undefined) throw error;
      return code === 'request.invalid' ? { outcome: 'refused', stored: null } : none;
    }
  }

  /** What a bundle would change, by dry runs on the cluster. */
  diffBundle(cluster: Cluster, bundle: object): Promise<AgentReply<ReplyOf<typeof DIFF_BUNDLE>>> {
    return this.#read(cluster, DIFF_BUNDLE, bundle);
  }

  /** The problem of each machine that does not have its tags. */
  applyNodeTags(
    cluster: Cluster,
    tags: z.input<typeof APPLY_NODE_TAGS.input>,
  ): Promise<AgentReply<ReplyOf<typeof APPLY_NODE_TAGS>>> {
    return this.#read(cluster, APPLY_NODE_TAGS, tags);
  }

  /** Requests that the agent stops a deletion of which nothing is deleted yet. `reason`: why it cannot be stopped. */
  async holdDeletion(instance: InstanceRow): Promise<ReplyOf<typeof HOLD_DELETION>> {
    const { cid, osid, revision } = instance;
    const read = await this.#read(instance, HOLD_DELETION, { osid, revision });
    if (read.outcome === 'replied') return read.reply;
    return { held: false, reason: `The agent of cluster ${cid} did not report whether it has begun.` };
  }

  applyAddon(cluster: Cluster, addon: z.input<typeof APPLY_ADDON.input>): Promise<InstructionOutcome> {
    return this.#instruct(cluster, APPLY_ADDON, addon);
  }

  removeAddon(cluster: Cluster, addon: z.input<typeof DELETE_ADDON.input>): Promise<InstructionOutcome> {
    return this.#instruct(cluster, DELETE_ADDON, addon);
  }

  async #read<Reply>(
    cluster: Cluster,
    { reply, ...instruction }: Pick<Instruction, 'type' | 'deadlineMs'> & { readonly reply: z.ZodType<Reply> },
    body: unknown,
  ): Promise<AgentReply<Reply>> {
    try {
      const response = await this.#send(cluster, instruction, body);
      if (response.outcome !== 'replied') return response;
      const read = reply.safeParse(response.body);
      return read.success ? { outcome: 'replied', reply: read.data } : malformed;
    } catch (error) {
      return failureOf(error);
    }
  }

  async #instruct(cluster: Cluster, instruction: Instruction, body: unknown): Promise<InstructionOutcome> {
    try {
      const response = await this.#send(cluster, instruction, body);
      if (response.outcome !== 'replied') return response;
      const read = instruction.reply.safeParse(response.body);
      if (!read.success) return malformed;
      const { accepted, done = true, reason, stored } = read.data;
      if (accepted) return { outcome: 'accepted', done, remark: reason };
      return { outcome: 'refused', message: reason ?? 'it gave no reason', stored };
    } catch (error) {
      return failureOf(error);
    }
  }

  /**
   * Every instruction goes to the recorded session only. Another one may be of an agent in another Kubernetes cluster,
   * whose connection is not recorded yet.
   */
  async #send(
    { aid, cid, connected, session_no: sessionNo }: Cluster,
    { type, deadlineMs }: Pick<Instruction, 'type' | 'deadlineMs'>,
    body: unknown,
  ): Promise<InstructReply> {
    if (!connected) return { outcome: 'absent' };
    return this.bus.request(
      agentGateway.instruct,
      { cid, nid: null, sessionNo, type, body, timeoutMs: deadlineMs },
      { tenant: aid, deadlineMs: deadlineMs + gatewayOverheadMs },
    );
  }
}

const malformed = { outcome: 'refused', message: 'its reply is malformed' } as const;

/** @throws the error, if it is no fault */
function failureOf(error: unknown): { readonly outcome: 'failed'; readonly message: string } {
  const fault = faultOf(error);
  if (fault === undefined) throw error;
  return { outcome: 'failed', message: fault.message };
}

/** An agent that has reported the revision has stored the consent with it. */
const consentOf = (instance: InstanceRow): { acceptDataLoss?: true } =>
  instance.accepts_data_loss && instance.observed_generation < instance.bundle_generation
    ? { acceptDataLoss: true }
    : {};
