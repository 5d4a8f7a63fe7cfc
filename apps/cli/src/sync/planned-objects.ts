import type { SyncWrite } from '@runos/manifest';
import type { ChangePlan, PlannedObject } from '@runos/api';
import { ifGeneration } from '../http/generation.js';
import type { SyncTarget } from './sync-target.js';

/** The plan of one write, as the server makes it. */
export interface WritePlan {
  /** Of the write. */
  readonly write: string;
  readonly plan: ChangePlan;
}

/**
 * What each write would do to the objects in the cluster. Each is planned alone, from the present state.
 * @throws CliError as the write would be refused
 */
export async function planObjects(target: SyncTarget, writes: readonly SyncWrite[]): Promise<readonly WritePlan[]> {
  const { client, generation } = target;
  const plans: WritePlan[] = [];
  for (const { name, method, path, body } of writes) {
    const planPath = `${target.path}${path}${method === 'DELETE' ? '/delete' : ''}/plan`;
    const answer = await client.send({ method: 'POST', path: planPath, body, headers: ifGeneration(generation) });
    plans.push({ write: name, plan: answer.body as ChangePlan });
  }
  return plans;
}

/** One line per object: `Deployment app-3f9k2 changed (2 fields)`; then whether pods end. */
export function objectsText(plans: readonly WritePlan[]): string {
  const lines = plans.flatMap(({ write, plan }) => {
    const source = plan.source === 'cluster' ? 'dry run on the cluster' : `not tried: ${plan.message ?? plan.reason}`;
    const objects = plan.objects.length === 0 ? ['    none\n'] : plan.objects.map(objectLine);
    return [`  Objects of ${write} (${source})\n`, ...objects];
  });
  const pods = plans.some(({ plan }) => plan.restartsPods) ? '  Pods are replaced.\n' : '';
  return lines.join('') + pods;
}

function objectLine({ kind, name, action, changes, message }: PlannedObject): string {
  const count = changes.length === 0 ? '' : ` (${changes.length} ${changes.length === 1 ? 'field' : 'fields'})`;
  return `    ${kind} ${name} ${action}${count}${message === null ? '' : `: ${message}`}\n`;
}
