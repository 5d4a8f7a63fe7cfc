import { Injectable } from '@nestjs/common';
import { type DIFF_BUNDLE, plansCapability, type ReplyOf } from '@runos/agent-protocol';
import type { ChangePlan, PlannedObject } from '@runos/api';
import { uniqueChanges } from '@runos/kube-objects';
import { kindRules } from '@runos/service-types';
import { AgentInstructions } from '../delivery/agent-instructions.js';
import { deliveredWriters } from '../delivery/delivered-writers.js';
import { agentAbsent } from '../jobs/paused-deadline-repository.js';
import type { InstanceRow } from '../schema/instance-row.js';

/** A bundle as a write would deliver it, and its cluster. */
export interface PlannedBundle
  extends
    Pick<InstanceRow, 'aid' | 'cid' | 'connected' | 'session_no' | 'capabilities'>,
    Pick<InstanceRow, 'osid' | 'type' | 'spec' | 'own_writers' | 'cluster_writers' | 'digest'> {
  readonly generation: number;
  readonly revision: number;
  readonly objectsGz: string;
}

/** The objects that a write changes, and who has compared them. */
export type Changes = Pick<ChangePlan, 'source' | 'reason' | 'message' | 'planNamespace' | 'objects'>;
type Reply = ReplyOf<typeof DIFF_BUNDLE>;

/** The changes of objects that a bundle makes, as the cluster answers. */
@Injectable()
export class ClusterChanges {
  constructor(private readonly instructions: AgentInstructions) {}

  /** `desired`: the changes by the rendered objects, for the case that the agent does not answer. */
  async of(planned: PlannedBundle, desired: () => readonly PlannedObject[]): Promise<Changes> {
    const { cid, connected, capabilities } = planned;
    if (connected && !capabilities.includes(plansCapability)) {
      return withoutCluster(desired(), 'AgentTooOld', `The agent of cluster ${cid} cannot plan before its upgrade.`);
    }
    const outcome = await this.instructions.diffBundle(planned, bundleOf(planned));
    switch (outcome.outcome) {
      case 'replied': {
        const { objects, planNamespace = null } = outcome.reply;
        return { source: 'cluster', reason: null, message: null, planNamespace, objects: objects.map(plannedOf) };
      }
      case 'absent':
        return withoutCluster(desired(), agentAbsent, `The agent of cluster ${cid} is not connected.`);
      case 'unknown':
        return withoutCluster(desired(), 'AgentNotResponding', `The agent of cluster ${cid} did not answer in time.`);
      default: {
        const message = `The agent of cluster ${cid} could not plan: ${outcome.message}`;
        return withoutCluster(desired(), 'AgentFailed', message);
      }
    }
  }
}

function bundleOf(planned: PlannedBundle) {
  const { osid, type, spec, digest, objectsGz, generation, revision } = planned;
  const content = { digest, driftPolicy: spec.driftPolicy, ...deliveredWriters(planned), objectsGz };
  return { osid, generation, revision, ...content, ...kindRules(type) };
}

function plannedOf({ object, action, message, tried = true, changes }: Reply['objects'][number]): PlannedObject {
  const { apiVersion, kind, namespace = null, name } = object;
  const ref = { apiVersion, kind, namespace, name };
  // Agents of earlier versions may name a field twice.
  const fields = uniqueChanges(changes).filter(({ path }) => path !== '');
  return {
    ...ref,
    action: action === undefined || action === 'unrecognised' ? 'changed' : action,
    message: message ?? null,
    tried,
    changes: fields.map(({ path, live, wanted }) => ({ field: path, before: live, after: wanted })),
  };
}

/** Changes that only the plane knows, and why. */
export const withoutCluster = (objects: readonly PlannedObject[], reason: string, message: string): Changes => ({
  source: 'desired',
  reason,
  message,
  planNamespace: null,
  objects: [...objects],
});
