import { isRefusal, type KubeClient } from '@runos/kube-client';
import { claimKind, podKind } from '@runos/kube-kinds';
import {
  decidesPods,
  differingPaths,
  foreignItems,
  type KubeObject,
  printRef,
  refOf,
  replacesPods,
} from '@runos/kube-objects';
import type { ObjectApplier } from '../apply/object-applier.js';
import type { Dependent, Problem } from '../instances/instance-facts.js';
import type { Instance } from '../instances/instance.js';
import type { RepairPlan } from './plan-repair.js';
import type { RepairRequest } from './repair-request.js';

const writes: ReadonlySet<RepairPlan['kind']> = new Set(['apply', 'create', 'recreate', 'repair']);

/** Refuses writes that would end pods whose data is lost with them, unless the user accepts that. */
export class DataGuard {
  /** `areClaimsListed`: the watches know the claims and pods of all instances. */
  constructor(
    private readonly client: KubeClient,
    private readonly applier: ObjectApplier,
    private readonly areClaimsListed: () => boolean,
  ) {}

  /** Why the plan must wait; undefined if it may be executed. Without data at risk it costs no request. */
  async refusalOf(request: RepairRequest, plan: RepairPlan): Promise<Problem | undefined> {
    const { instance, state, signal } = request;
    if (!writes.has(plan.kind) || state.kind.role !== 'workload' || acceptsDataLoss(instance)) return undefined;
    if (!this.areClaimsListed()) await this.#observeData(instance, signal);
    const risks = instance.dataRisks.list();
    if (risks.length === 0) return undefined;
    const live = await this.client.find(state.ref, { signal });
    if (live === undefined || !(await this.#endsPods(request, plan, live))) return undefined;
    return problemOf(live, risks);
  }

  /** A dry run shows what an apply would change. If the API server refuses that too, the desired fields are compared. */
  async #endsPods({ state, desired, signal }: RepairRequest, plan: RepairPlan, live: KubeObject): Promise<boolean> {
    const removed = plan.kind === 'repair' ? foreignItems(live, state.exclusive) : [];
    if (removed.some((path) => decidesPods(live, path))) return true;
    const applied = await this.applier.dryRunApply(desired, { signal });
    if (applied !== undefined) return replacesPods([live], [applied]);
    return differingPaths(desired, live).some((path) => decidesPods(live, path));
  }

  /** After a start of the agent, a claim may be deleted that no watch has reported yet. */
  async #observeData({ osid, dataRisks }: Instance, signal: AbortSignal): Promise<void> {
    for (const { apiVersion, kind } of [podKind, claimKind]) {
      try {
        for (const object of await this.client.list({ apiVersion, kind, namespace: osid }, { signal })) {
          dataRisks.recordObserved(object);
        }
      } catch (thrown) {
        if (!isRefusal(thrown)) throw thrown; // a missing right is part of the status
      }
    }
  }
}

/** The consent counts until its revision was ready once. Later repairs of it are no part of it. */
const acceptsDataLoss = ({ record, isUnreported }: Instance): boolean => record.acceptDataLoss === true && isUnreported;

function problemOf(live: KubeObject, risks: readonly Dependent[]): Problem {
  const { namespace: _, ...named } = refOf(live); // the namespace is that of the instance
  const causes = risks.map(({ health }) => health.message).join(' ');
  return {
    reason: 'DataAtRisk',
    message:
      `${printRef(named)} is not changed, because that would end pods whose data is at risk. ${causes} ` +
      'When the data is safe, repeat the request with ?force=true.',
    blocked: true,
    keepsData: true,
  };
}
