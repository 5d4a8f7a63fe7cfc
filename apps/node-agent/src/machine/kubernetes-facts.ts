import { existsSync } from 'node:fs';
import type { BodyOf, NodeAgentHeartbeatToServer } from '@runos/agent-protocol';

/** Where Kubernetes leaves its traces on a machine. */
export interface KubernetesTraces {
  /** Only a control-plane node has it. */
  readonly adminConfig: string;
  readonly kubeletConfig: string;
  /** Answers 200 while the kubelet is well. */
  readonly kubeletHealth: string;
}

const standardTraces: KubernetesTraces = {
  adminConfig: '/etc/kubernetes/admin.conf',
  kubeletConfig: '/etc/kubernetes/kubelet.conf',
  kubeletHealth: 'http://127.0.0.1:10248/healthz',
};

const healthMs = 2_000;

type Facts = Pick<BodyOf<typeof NodeAgentHeartbeatToServer>, 'isCp' | 'isWorker' | 'status'>;

/** What a heartbeat says of Kubernetes on this machine. Never throws, never takes longer than 2 s. */
export async function kubernetesFacts(traces: KubernetesTraces = standardTraces): Promise<Facts> {
  const isCp = existsSync(traces.adminConfig);
  const isWorker = !isCp && existsSync(traces.kubeletConfig);
  if (!isCp && !isWorker) return { isCp, isWorker, status: 'not_installed' };
  const healthy = await fetch(traces.kubeletHealth, { signal: AbortSignal.timeout(healthMs) }).then(
    (answer) => answer.ok,
    () => false, // no kubelet answers: that is the finding
  );
  return { isCp, isWorker, status: healthy ? 'ready' : 'not_ready' };
}
