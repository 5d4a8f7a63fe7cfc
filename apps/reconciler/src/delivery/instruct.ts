import { Injectable } from '@nestjs/common';
import { APPLY_BUNDLE, DELETE_BUNDLE } from '@runos/agent-protocol';
import { agentGateway } from '@runos/contracts';
import { faultOf } from '@runos/kernel';
import { Bus } from '@runos/messaging';
import type { InstanceRow } from '../instances/instance-row.js';
import { Secrets } from '../instances/secrets.js';
import { renderBundle } from '../rendering/render-bundle.js';
import type { Outcome } from './after-instruct.js';

type Stored = Pick<typeof APPLY_BUNDLE, 'reply' | 'deadlineMs'> & { readonly type: string };

/** The gateway's own work on top of the time the agent has, ms. */
const overheadMs = 2_000;

/** Hands instructions to cluster agents and awaits what they say. */
@Injectable()
export class Instruct {
  constructor(
    private readonly bus: Bus,
    private readonly secrets: Secrets,
  ) {}

  /** The wanted objects, rendered again: the revision's digest says that they are the same. */
  apply(instance: InstanceRow): Promise<Outcome> {
    const { osid, type, spec, digest, revision, bundle_generation: generation } = instance;
    const bundle = renderBundle({ osid, type, cluster: instance, spec, secrets: this.secrets.open(instance) });
    if (bundle.digest !== digest) {
      throw new Error(
        `${osid} revision ${revision} renders to ${bundle.digest}, not to ${digest} as when it was written`,
      );
    }
    const { driftPolicy } = spec;
    const body = { osid, generation, revision, digest, driftPolicy, objectsGz: bundle.objectsGz };
    return this.#instruct(instance, APPLY_BUNDLE, body);
  }

  remove({ osid, revision, bundle_generation: generation, ...instance }: InstanceRow): Promise<Outcome> {
    return this.#instruct(instance, DELETE_BUNDLE, { osid, generation, revision });
  }

  async #instruct(
    { aid, cid }: Pick<InstanceRow, 'aid' | 'cid'>,
    { type, deadlineMs, reply }: Stored,
    body: unknown,
  ): Promise<Outcome> {
    try {
      const said = await this.bus.request(
        agentGateway.instruct,
        { cid, nid: null, type, body, timeoutMs: deadlineMs },
        { tenant: aid, deadlineMs: deadlineMs + overheadMs },
      );
      if (said.outcome !== 'answered') return said;
      const read = reply.safeParse(said.body);
      if (!read.success) return { outcome: 'refused', message: 'its answer cannot be understood' };
      if (read.data.accepted) return { outcome: 'accepted' };
      return { outcome: 'declined', reason: read.data.reason ?? 'it gave no reason' };
    } catch (error) {
      const fault = faultOf(error);
      if (fault === undefined) throw error;
      return { outcome: 'failed', message: fault.message };
    }
  }
}
