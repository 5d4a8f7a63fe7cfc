import { askedFor, type Fault, missingTag } from './fault.js';
import { absent, exists, type Match, type Stage, stage } from './stage.js';

const on = { apiGroup: 'v1', kind: 'Pod' };

interface PodFault extends Fault {
  /** The container's state.waiting; absent for one that runs without getting ready. `message` is a Go expression. */
  readonly waiting?: { readonly reason: string; readonly message: string };
}

const podFaults: readonly PodFault[] = [
  {
    name: 'image-pull',
    when: `${askedFor('image-pull')}, (.spec.containers[].image | select(endswith(":${missingTag}")))`,
    waiting: { reason: 'ImagePullBackOff', message: 'printf "Back-off pulling image %q: not found" .image' },
  },
  {
    name: 'crash-loop',
    when: askedFor('crash-loop'),
    waiting: { reason: 'CrashLoopBackOff', message: 'printf "back-off 5m0s restarting failed container=%s" .name' },
  },
  { name: 'never-ready', when: askedFor('never-ready', 'true') },
];

const anyFault = `first(${podFaults.map(({ when }) => when).join(', ')})`;
const unready = '.status.conditions[]? | select(.type == "Ready" and .status == "False")';

/** Added to kwok's stage that makes pods ready: not those with a fault, nor those that had one and have an address. */
export const neverFaulty: readonly Match[] = [absent(anyFault), absent('.status.podIP'), absent(unready)];

/** A fault also befalls a pod that already runs, when the annotation is put on it; without it the pod recovers. */
export const podFaultStages: readonly Stage[] = [
  ...podFaults.map((fault) =>
    stage(`pod-fault-${fault.name}`, {
      on,
      when: [exists(`first(${fault.when})`), absent(shows(fault))],
      status: faulty(fault),
    }),
  ),
  stage('pod-recovered', {
    on,
    when: [absent(anyFault), exists(unready)],
    status: podStatus({ ready: true, phase: 'Running' }),
  }),
];

/** Yields something once the status says so: a stage must not match its own outcome. */
function shows({ waiting }: PodFault): string {
  return waiting ? `.status.containerStatuses[]? | select(.state.waiting.reason == "${waiting.reason}")` : unready;
}

function faulty({ waiting }: PodFault): string {
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
