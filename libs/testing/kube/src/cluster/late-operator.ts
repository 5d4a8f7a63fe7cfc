import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Supervised } from '@runos/testing-process';

/** The CRD whose existence means that the custom resources of CloudNativePG can be simulated. */
const crd = 'crd/clusters.postgresql.cnpg.io';
/** After a failed wait, as while the API server restarts, ms. */
const retryMs = 1_000;

export interface LateOperator {
  readonly kubectl: string;
  readonly kubeconfig: string;
  readonly kwok: Supervised;
  /** Adds the stages of custom resources to the next start of kwok. */
  readonly addStages: () => void;
  readonly signal: AbortSignal;
}

/** Restarts kwok with the stages of custom resources when their CRD is created: without it kwok would not start. */
export async function simulateLateOperator({
  kubectl,
  kubeconfig,
  kwok,
  addStages,
  signal,
}: LateOperator): Promise<void> {
  const args = ['--kubeconfig', kubeconfig, 'wait', '--for=create', crd, '--timeout=24h'];
  for (let created = false; !created;) {
    created = await promisify(execFile)(kubectl, args, { signal }).then(
      () => true,
      () => false,
    );
    if (signal.aborted) return;
    if (!created) await sleep(retryMs);
  }
  addStages();
  if (kwok.stopped) return;
  await kwok.stop();
  if (!signal.aborted) await kwok.start();
}
