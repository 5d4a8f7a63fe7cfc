import {
  absent,
  exists,
  hasFailAnnotation,
  missingTag,
  type NodeCapacity,
  type SimulatedFault,
  type Stage,
  stage,
} from '@runos/catalog-model';

const on = { apiGroup: 'postgresql.cnpg.io/v1', kind: 'Cluster' };

interface ClusterFault extends SimulatedFault {
  /** The status's phaseReason, a Go template; the text before its first braces is unique. */
  readonly message: string;
}

/** The simulated duration between a new generation and a healthy cluster. */
const reconcileMs = 300;

/**
 * Simulates CloudNativePG's status: a new generation goes through a working phase (Ready False) to healthy. The Ready
 * condition's observedGeneration names the generation of a status. The operator itself sets none; its pods show what it
 * has done. kwok creates no pods, so this field stands for them, and a restart changes nothing.
 */
export function simulateCluster(capacity: NodeCapacity): readonly Stage[] {
  const faults = cnpgFaults(capacity);
  const anyFault = `first(${faults.map(({ when }) => when).join(', ')})`;
  const unobserved =
    '. as $it | [.status.conditions[]? | select(.type == "Ready" and .observedGeneration == $it.metadata.generation)] | select(length == 0)';
  return [
    stage('cnpg-cluster-working', { on, when: [absent(anyFault), exists(unobserved)], status: working() }),
    stage('cnpg-cluster-healthy', {
      on,
      when: [absent(anyFault), absent(unobserved), notReady],
      afterMs: reconcileMs,
      status: healthy,
    }),
    ...faults.map((fault) =>
      stage(`cnpg-cluster-fault-${fault.name}`, {
        on,
        when: [exists(`first(${fault.when})`), exists(`(${unobserved}), ${hasOtherReason(fault)}`)],
        status: working(fault.message),
      }),
    ),
  ];
}

const notReady = exists('.status.conditions[]? | select(.type == "Ready" and .status != "True")');

const hasOtherReason = ({ message }: ClusterFault): string =>
  `(.status.phaseReason // "" | select(startswith(${JSON.stringify(message.split('{{')[0])}) | not))`;

function cnpgFaults({ cpus, memoryGi }: NodeCapacity): readonly ClusterFault[] {
  const request = (resource: string): string => `(.spec.resources.requests.${resource} // 0 | tostring)`;
  const cores = `${request('cpu')} | if endswith("m") then (rtrimstr("m") | tonumber) / 1000 else tonumber end`;
  const gi = `${request('memory')} | if endswith("Mi") then (rtrimstr("Mi") | tonumber) / 1024 elif endswith("Gi") then (rtrimstr("Gi") | tonumber) else 0 end`;
  const pod = 'pod {{ .metadata.name }}-1';
  return [
    {
      name: 'image-pull',
      when: `${hasFailAnnotation('image-pull')}, (.spec.imageName // "" | select(endswith(":${missingTag}")))`,
      message: 'ImagePullBackOff: {{ .spec.imageName }} cannot be pulled',
    },
    {
      name: 'crash-loop',
      when: hasFailAnnotation('crash-loop'),
      message: `CrashLoopBackOff: ${pod} ends right after its start`,
    },
    {
      name: 'never-ready',
      when: hasFailAnnotation('never-ready', 'true'),
      message: `NotReady: ${pod} does not answer its readiness probe`,
    },
    { name: 'no-cpu', when: `(${cores} | select(. > ${cpus}))`, message: `Unschedulable: Insufficient cpu for ${pod}` },
    {
      name: 'no-memory',
      when: `(${gi} | select(. > ${memoryGi}))`,
      message: `Unschedulable: Insufficient memory for ${pod}`,
    },
  ];
}

/** In progress, or failing when there is a reason. */
const working = (reason = ''): string => `
{{ $ready := or .status.readyInstances 0 }}
phase: {{ if $ready }}Applying configuration{{ else }}Setting up primary{{ end }}
phaseReason: "${reason}"
instances: {{ .spec.instances }}
readyInstances: ${reason ? 0 : '{{ $ready }}'}
conditions:
${ready('False', 'ClusterIsNotReady', 'Cluster Is Not Ready')}
`;

const healthy = `
phase: Cluster in healthy state
phaseReason: ""
instances: {{ .spec.instances }}
readyInstances: {{ .spec.instances }}
currentPrimary: {{ .metadata.name }}-1
targetPrimary: {{ .metadata.name }}-1
writeService: {{ .metadata.name }}-rw
readService: {{ .metadata.name }}-r
conditions:
${ready('True', 'ClusterIsReady', 'Cluster is Ready')}
`;

function ready(status: string, reason: string, message: string): string {
  return `- type: Ready
  status: "${status}"
  reason: ${reason}
  message: ${message}
  observedGeneration: {{ .metadata.generation }}
  lastTransitionTime: {{ Now | Quote }}`;
}
