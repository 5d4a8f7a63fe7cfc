import { Injectable } from '@nestjs/common';
import { APPLY_ADDON, APPLY_BUNDLE, DELETE_ADDON, DELETE_BUNDLE } from '@runos/agent-protocol';
import { agentGateway } from '@runos/contracts';
import { faultOf } from '@runos/kernel';
import { Bus } from '@runos/messaging';
import { kindRules } from '@runos/service-types';
import { InstanceSecrets } from '../instances/instance-secrets.js';
import { renderBundle } from '../rendering/render-bundle.js';
import type { InstanceRow } from '../schema/instance-row.js';
import type { z } from 'zod';
import type { InstructionOutcome } from './delivery-plan.js';

interface Instruction {
  readonly type: string;
  readonly deadlineMs: number;
  readonly reply: z.ZodType<{ accepted: boolean; done?: boolean; reason?: string | undefined }>;
}

type Cluster = Pick<InstanceRow, 'aid' | 'cid'>;

/** The time of the agent gateway, in addition to the deadline of the agent, ms. */
const gatewayOverheadMs = 2_000;

/** Sends instructions to cluster agents by the agent gateway, and reads their replies. */
@Injectable()
export class AgentInstructions {
  constructor(
    private readonly bus: Bus,
    private readonly secrets: InstanceSecrets,
  ) {}

  /**
   * Renders the desired objects again; the digest proves that they are the objects of the write.
   * @throws Error when the digest differs
   */
  applyBundle(instance: InstanceRow): Promise<InstructionOutcome> {
    const { osid, type, spec, digest, revision, bundle_generation: generation } = instance;
    const bundle = renderBundle({ osid, type, cluster: instance, spec, secrets: this.secrets.unseal(instance) });
    if (bundle.digest !== digest) {
      throw new Error(`${osid} revision ${revision} renders to digest ${bundle.digest} instead of ${digest}`);
    }
    const { driftPolicy } = spec;
    const body = { osid, generation, revision, digest, driftPolicy, objectsGz: bundle.objectsGz, ...kindRules(type) };
    return this.#instruct(instance, APPLY_BUNDLE, body);
  }

  removeBundle({
    osid,
    revision,
    bundle_generation: generation,
    ...instance
  }: InstanceRow): Promise<InstructionOutcome> {
    return this.#instruct(instance, DELETE_BUNDLE, { osid, generation, revision });
  }

  applyAddon(cluster: Cluster, addon: z.input<typeof APPLY_ADDON.input>): Promise<InstructionOutcome> {
    return this.#instruct(cluster, APPLY_ADDON, addon);
  }

  removeAddon(cluster: Cluster, name: string): Promise<InstructionOutcome> {
    return this.#instruct(cluster, DELETE_ADDON, { name });
  }

  async #instruct(
    { aid, cid }: Cluster,
    { type, deadlineMs, reply }: Instruction,
    body: unknown,
  ): Promise<InstructionOutcome> {
    try {
      const response = await this.bus.request(
        agentGateway.instruct,
        { cid, nid: null, type, body, timeoutMs: deadlineMs },
        { tenant: aid, deadlineMs: deadlineMs + gatewayOverheadMs },
      );
      if (response.outcome !== 'replied') return response;
      const read = reply.safeParse(response.body);
      if (!read.success) return { outcome: 'refused', message: 'its reply is malformed' };
      const { accepted, done = true, reason } = read.data;
      if (accepted) return { outcome: 'accepted', done, remark: reason };
      return { outcome: 'refused', message: reason ?? 'it gave no reason' };
    } catch (error) {
      const fault = faultOf(error);
      if (fault === undefined) throw error;
      return { outcome: 'failed', message: fault.message };
    }
  }
}
