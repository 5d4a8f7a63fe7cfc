import { isMap, type KubeObject, mapAt, mapsIn } from '@runos/kube-objects';

/** A field of a pod that the Pod Security Standard `restricted` or the platform refuses. */
export interface RefusedField {
  readonly path: string;
  readonly message: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** Volumes that `restricted` accepts. */
const volumeTypes: readonly string[] = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
];

/** Sysctls that affect the pod alone. */
const safeSysctls: readonly string[] = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_wmem',
];

const seLinuxTypes: readonly unknown[] = [
  '',
  'container_t',
  'container_init_t',
  'container_kvm_t',
  'container_engine_t',
];
const containerLists = ['initContainers', 'containers', 'ephemeralContainers'] as const;
const handlers = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const;

/**
 * What the namespaces of instances refuse in a pod template, and tokens of service accounts. The rules are the Pod
 * Security Standard `restricted` of the newest Kubernetes.
 * https://kubernetes.io/docs/concepts/security/pod-security-standards/
 */
export function refusedPodFields(object: KubeObject): RefusedField[] {
  const template = mapAt(object, 'spec')['template'];
  if (!isMap(template)) return [];
  const pod = mapAt(template, 'spec');
  const path = 'spec.template.spec';
  const containers = containerLists.flatMap((list) =>
    mapsIn(pod[list]).map((container, index) => ({ container, at: `${path}.${list}[${index}]` })),
  );
  return [
    ...['hostNetwork', 'hostPID', 'hostIPC'].filter((name) => pod[name] === true).map((name) => refused(path, name)),
    ...(pod['hostUsers'] === true ? [refused(path, 'hostUsers')] : []),
    ...(pod['automountServiceAccountToken'] === true ? [refused(path, 'automountServiceAccountToken')] : []),
    ...mapsIn(pod['volumes']).flatMap((volume, index) => volumeFields(volume, `${path}.volumes[${index}]`)),
    ...mapsIn(mapAt(pod, 'securityContext')['sysctls'])
      .filter(({ name }) => !safeSysctls.includes(String(name)))
      .map(({ name }) => ({ path: `${path}.securityContext.sysctls`, message: `must not set ${String(name)}` })),
    ...contextFields(mapAt(pod, 'securityContext'), `${path}.securityContext`),
    ...containers.flatMap(({ container, at }) => containerFields(container, mapAt(pod, 'securityContext'), at)),
  ];
}

const refused = (path: string, name: string): RefusedField => ({ path: `${path}.${name}`, message: 'must not be set' });

function volumeFields(volume: Fields, path: string): RefusedField[] {
  return Object.keys(volume)
    .filter((name) => name !== 'name' && !volumeTypes.includes(name))
    .map((name) => ({
      path: `${path}.${name}`,
      message: `is no volume that pods may have; use ${volumeTypes.join(', ')}`,
    }));
}

/** What the security contexts of pods and containers have in common. */
function contextFields(context: Fields, path: string): RefusedField[] {
  const seccomp = mapAt(context, 'seccompProfile')['type'];
  const seLinux = mapAt(context, 'seLinuxOptions');
  const appArmor = mapAt(context, 'appArmorProfile')['type'];
  return [
    ...(context['runAsUser'] === 0 ? [{ path: `${path}.runAsUser`, message: 'must not be 0' }] : []),
    ...(context['runAsNonRoot'] === false ? [{ path: `${path}.runAsNonRoot`, message: 'must be true' }] : []),
    ...(seccomp === 'Unconfined' ? [{ path: `${path}.seccompProfile.type`, message: 'must not be Unconfined' }] : []),
    ...(appArmor === 'Unconfined' ? [{ path: `${path}.appArmorProfile.type`, message: 'must not be Unconfined' }] : []),
    ...(seLinuxTypes.includes(seLinux['type'] ?? '') ? [] : [refused(`${path}.seLinuxOptions`, 'type')]),
    ...['user', 'role']
      .filter((name) => (seLinux[name] ?? '') !== '')
      .map((name) => refused(`${path}.seLinuxOptions`, name)),
    ...(mapAt(context, 'windowsOptions')['hostProcess'] === true
      ? [refused(`${path}.windowsOptions`, 'hostProcess')]
      : []),
  ];
}

function containerFields(container: Fields, pod: Fields, at: string): RefusedField[] {
  const context = mapAt(container, 'securityContext');
  const path = `${at}.securityContext`;
  const capabilities = mapAt(context, 'capabilities');
  const [added, dropped] = [listIn(capabilities['add']), listIn(capabilities['drop'])];
  const isNonRoot = context['runAsNonRoot'] ?? pod['runAsNonRoot'];
  const seccomp = mapAt(context, 'seccompProfile')['type'] ?? mapAt(pod, 'seccompProfile')['type'];
  return [
    ...(context['privileged'] === true ? [refused(path, 'privileged')] : []),
    ...(context['allowPrivilegeEscalation'] === false
      ? []
      : [{ path: `${path}.allowPrivilegeEscalation`, message: 'must be false' }]),
    ...(dropped.includes('ALL') ? [] : [{ path: `${path}.capabilities.drop`, message: 'must have ALL' }]),
    ...added
      .filter((name) => name !== 'NET_BIND_SERVICE')
      .map((name) => ({ path: `${path}.capabilities.add`, message: `must not have ${String(name)}` })),
    ...(isNonRoot === true ? [] : [{ path: `${path}.runAsNonRoot`, message: 'must be true here or for the pod' }]),
    ...(seccomp === undefined
      ? [{ path: `${path}.seccompProfile.type`, message: 'must be RuntimeDefault or Localhost here or for the pod' }]
      : []),
    ...((context['procMount'] ?? 'Default') === 'Default' ? [] : [refused(path, 'procMount')]),
    ...mapsIn(container['ports'])
      .filter(({ hostPort }) => (hostPort ?? 0) !== 0)
      .map(() => refused(`${at}.ports`, 'hostPort')),
    ...hostFields(container, at),
    ...contextFields(context, path),
  ];
}

const listIn = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as readonly unknown[]) : []);

/** A probe or a hook with a host of its own sends requests of the node to others. */
function hostFields(container: Fields, at: string): RefusedField[] {
  const actions = [
    ...handlers.map((name) => [name] as const),
    ...(['postStart', 'preStop'] as const).map((name) => ['lifecycle', name] as const),
  ];
  return actions.flatMap((path) =>
    ['httpGet', 'tcpSocket']
      .filter((action) => (mapAt(container, ...path, action)['host'] ?? '') !== '')
      .map((action) => refused(`${at}.${path.join('.')}.${action}`, 'host')),
  );
}
