import { absent, exists, type Fault, hasFailAnnotation, type Match, missingTag, type Stage, stage } from './stage.js';

const on = { apiGroup: 'v1', kind: 'Pod' };

interface PodFault extends Fault {
  /** The container's state.waiting; absent for one that runs without getting ready. `message` is a Go expression. */
  readonly waiting?: { readonly reason: string; readonly message: string };
}

const podFaults: readonly PodFault[] = [
  {
    name: 'image-pull',
    when: `${hasFailAnnotation('image-pull')}, (.spec.containers[].image | select(endswith(":${missingTag}")))`,
    waiting: { reason: 'ImagePullBackOff', message: 'printf "Back-off pulling image %q: not found" .image' },
  },
  {
    name: 'crash-loop',
    when: hasFailAnnotation('crash-loop'),
    waiting: { reason: 'CrashLoopBackOff', message: 'printf "back-off 5m0s restarting failed container=%s" .name' },
  },
  { name: 'never-ready', when: hasFailAnnotation('never-ready', 'true') },
];

const anyFault = `first(${podFaults.map(({ when }) => when).join(', ')})`;
const unready = '.status.conditions[]? | select(.type == "Ready" and .status == "False")';

/** Excludes pods with a fault, and those that had one and have an address, from kwok's stage that makes pods ready. */
export const neverFaulty: readonly Match[] = [absent(anyFault), absent('.status.podIP'), absent(unready)];

/** A running pod fails when the annotation is set on it, and recovers when the annotation is removed. */
export const podFaultStages: readonly Stage[] = [
  ...podFaults.map((fault) =>
    stage(`pod-fault-${fault.name}`, {
      on,
      when: [exists(`first(${fault.when})`), absent(isReported(fault))],
      status: faultStatus(fault),
    }),
  ),
  stage('pod-recovered', {
    on,
    when: [absent(anyFault), exists(unready)],
    status: podStatus({ ready: true, phase: 'Running' }),
  }),
];

/** Yields a value once the status reports the fault: a stage must not match its own result. */
function isReported({ waiting }: PodFault): string {
  return waiting ? `.status.containerStatuses[]? | select(.state.waiting.reason == "${waiting.reason}")` : unready;
}

function faultStatus({ waiting }: PodFault): string {
  const state =
    waiting && `{waiting: {reason: ${waiting.reason}, message: {{ ${waiting.message} | Quote }}}, running: null}`;
  return podStatus({ ready: false, phase: waiting ? 'Pending' : 'Running', state });
}

function podStatus({ ready, phase, state }: { ready: boolean; phase: string; state?: string }): string {
  const running = '{running: {startedAt: {{ Now | Quote }}}, waiting: null}';
  const why = ready
    ? 'reason: null, message: null'
    : 'reason: ContainersNotReady, message: containers with unready status';
  const condition = (type: string): string =>
    `- {type: ${type}, status: "${ready ? 'True' : 'False'}", ${why}, lastTransitionTime: {{ Now | Quote }}}`;
  return `
conditions:
- {type: Initialized, status: "True", lastTransitionTime: {{ Now | Quote }}}
${condition('Ready')}
${condition('ContainersReady')}
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  ready: ${ready}
  restartCount: 0
  state: ${state ?? running}
{{ end }}
phase: ${phase}
startTime: {{ Now | Quote }}
`;
}
