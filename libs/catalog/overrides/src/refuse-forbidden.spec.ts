import { describe, expect, it } from '@jest/globals';
import { file, overrides, renderedApp, renderedPostgresql } from '../test/rendered-app.js';
import { refuseForbidden, type Rendered } from './index.js';

const refusal = (text: string, rendered: Rendered = renderedApp): unknown => {
  try {
    refuseForbidden(rendered, overrides(file(text)));
    return undefined;
  } catch (error) {
    return error;
  }
};
const refused = (path: string, message: string) => ({
  code: 'override.invalid',
  details: { issues: expect.arrayContaining([{ path, message: expect.stringContaining(message) }]) },
});
const pod = (spec: object): string => JSON.stringify({ spec: { template: { spec } } });
const container = (fields: object): string => pod({ containers: [{ name: 'app', ...fields }] });
const context = (fields: object): string => container({ securityContext: fields });
const at = 'spec.template.spec';
const inContainer = `${at}.containers[0]`;

describe('what the cluster would refuse', () => {
  it('is nothing of common overrides', () => {
    const accepted = [
      pod({ terminationGracePeriodSeconds: 90, nodeSelector: { disk: 'ssd' }, hostUsers: false }),
      container({ args: ['--fast'], env: [{ name: 'A', value: 'b' }], resources: { limits: { cpu: 1 } } }),
      pod({ volumes: [{ name: 'cache', emptyDir: { sizeLimit: '1Gi' } }] }),
      context({ readOnlyRootFilesystem: true, runAsUser: 1000, capabilities: { add: ['NET_BIND_SERVICE'] } }),
      pod({
        affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'z' }] } },
      }),
      'kind: Service\nspec: {sessionAffinity: ClientIP}',
      pod({ imagePullSecrets: [{ name: 'app-abcde-pull-credentials' }] }),
    ];
    for (const text of accepted) expect(refusal(text)).toBeUndefined();
    expect(refusal('spec: {postgresql: {parameters: {jit: "off"}}}', renderedPostgresql)).toBeUndefined();
  });

  it.each([
    'spec: {bootstrap: {initdb: {database: other}}}',
    'spec: {bootstrap: {initdb: {postInitSQL: [SELECT 1]}}}',
    'spec: {bootstrap: null}',
  ])('is what has no effect on a database that exists: %s', (text) => {
    expect(refusal(text, renderedPostgresql)).toMatchObject(
      refused(
        'spec.bootstrap',
        'cannot be changed any more: CloudNativePG reads it only when it creates the databases',
      ),
    );
    expect(refusal('spec: {bootstrap: {initdb: {database: app}}}', renderedPostgresql)).toBeUndefined();
  });

  it.each([
    [pod({ hostNetwork: true }), `${at}.hostNetwork`, 'must not be set'],
    [pod({ hostPID: true }), `${at}.hostPID`, 'must not be set'],
    [pod({ automountServiceAccountToken: true }), `${at}.automountServiceAccountToken`, 'must not be set'],
    [pod({ volumes: [{ name: 'a', hostPath: { path: '/' } }] }), `${at}.volumes[0].hostPath`, 'is no volume'],
    [pod({ volumes: [{ name: 'a', nfs: { server: 'b', path: '/' } }] }), `${at}.volumes[0].nfs`, 'is no volume'],
    [
      pod({ securityContext: { sysctls: [{ name: 'kernel.x', value: '1' }] } }),
      `${at}.securityContext.sysctls`,
      'kernel.x',
    ],
    [pod({ securityContext: { runAsNonRoot: false } }), `${at}.securityContext.runAsNonRoot`, 'must be true'],
    [
      pod({ securityContext: { seccompProfile: null } }),
      `${inContainer}.securityContext.seccompProfile.type`,
      'RuntimeDefault',
    ],
    [context({ privileged: true }), `${inContainer}.securityContext.privileged`, 'must not be set'],
    [
      context({ allowPrivilegeEscalation: true }),
      `${inContainer}.securityContext.allowPrivilegeEscalation`,
      'must be false',
    ],
    [context({ runAsUser: 0 }), `${inContainer}.securityContext.runAsUser`, 'must not be 0'],
    [context({ procMount: 'Unmasked' }), `${inContainer}.securityContext.procMount`, 'must not be set'],
    [context({ capabilities: { add: ['SYS_ADMIN'] } }), `${inContainer}.securityContext.capabilities.add`, 'SYS_ADMIN'],
    [context({ capabilities: { drop: [] } }), `${inContainer}.securityContext.capabilities.drop`, 'must have ALL'],
    [
      context({ seLinuxOptions: { user: 'a' } }),
      `${inContainer}.securityContext.seLinuxOptions.user`,
      'must not be set',
    ],
    [container({ ports: [{ containerPort: 80, hostPort: 80 }] }), `${inContainer}.ports.hostPort`, 'must not be set'],
    [
      container({ livenessProbe: { httpGet: { port: 80, host: '169.254.169.254' } } }),
      `${inContainer}.livenessProbe.httpGet.host`,
      'must not be set',
    ],
    [pod({ containers: [{ name: 'b', image: 'b' }] }), `${inContainer}.securityContext.runAsNonRoot`, ''],
    [pod({ serviceAccountName: 'other' }), 'data', 'must use the default service account'],
    [pod({ imagePullSecrets: [{ name: 'other' }] }), 'data', 'with the credentials of the instance'],
    [pod({ nodeName: 'a' }), 'data', 'no priority, no tolerations'],
    [pod({ tolerations: [{ operator: 'Exists' }] }), 'data', 'no priority, no tolerations'],
    [pod({ volumes: [{ name: 'a', csi: { driver: 'b' } }] }), 'data', 'no volumes of CSI drivers'],
    [
      pod({ volumes: [{ name: 'a', projected: { sources: [{ serviceAccountToken: { path: 'b' } }] } }] }),
      'data',
      'no tokens of service accounts',
    ],
    [
      pod({
        affinity: {
          podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'z', namespaces: ['b'] }] },
        },
      }),
      'data',
      'no affinity to pods of other namespaces',
    ],
    ['kind: Service\nspec: {type: LoadBalancer}', 'data', 'must have the type ClusterIP'],
    ['kind: Service\nspec: {externalIPs: [192.0.2.1]}', 'data', 'no external IPs'],
    ['spec: {replicas: many}', 'spec.replicas', 'must be an integer'],
    [
      'spec: {replicas: 21}',
      'spec.replicas',
      'spec.replicas is 21; it must be a whole number of replicas from 1 to 20',
    ],
    ['spec: {replicas: 0}', 'spec.replicas', 'spec.replicas is 0; it must be'],
    ['spec: {template: {spec: {volumes: {}}}}', `${at}.volumes`, 'must be a list'],
  ])('is refused at the write: %s', (text, path, message) => {
    if (message === '') expect(refusal(text)).toMatchObject({ code: 'override.invalid' });
    else expect(refusal(text)).toMatchObject(refused(path, message));
  });

  it.each([
    ['spec: {externalClusters: []}', 'no own services, service accounts, external clusters'],
    ['metadata: {annotations: {cnpg.io/podPatch: "[]"}}', 'no annotations for its operator'],
    ['spec: {inheritedMetadata: {labels: {a: b}}}', 'only the labels of an instance'],
    ['spec: {seccompProfile: {type: Unconfined}}', 'no own security contexts'],
    ['spec: {podSecurityContext: {runAsUser: 0}}', 'no own security contexts'],
    ['spec: {priorityClassName: high}', 'no priority'],
    ['spec: {affinity: {tolerations: []}}', 'no tolerations'],
    ['spec: {monitoring: {enablePodMonitor: true}}', 'no monitors'],
    ['spec: {bootstrap: {recovery: {volumeSnapshots: {}}}}', 'volume snapshots'],
    ['spec: {storage: {pvcTemplate: {volumeName: other}}}', 'choose no volume'],
  ])('is refused in a custom resource: %s', (text, message) => {
    expect(refusal(text, renderedPostgresql)).toMatchObject(refused('data', message));
  });

  it.each(['21', '0', '1.5', '"3"', '[]'])('is a number of instances of a custom resource of %s', (instances) => {
    expect(refusal(`spec: {instances: ${instances}}`, renderedPostgresql)).toMatchObject(
      refused('spec.instances', 'it must be a whole number of replicas from 1 to 20'),
    );
  });

  it.each([
    ['spec: {replicas: 20}', renderedApp],
    ['spec: {replicas: null}', renderedApp],
    ['spec: {instances: 20}', renderedPostgresql],
  ])('is no number of replicas that a size may have: %s', (text, rendered) => {
    expect(refusal(text, rendered)).toBeUndefined();
  });

  it('names the override that causes it', () => {
    const files = [
      file('spec: {replicas: 2}', 'first'),
      file(pod({ hostPID: true }), 'second'),
      file('spec: {}', 'third'),
    ];
    expect(() => refuseForbidden(renderedApp, overrides(...files))).toThrow(
      'Override "second" (Deployment app-abcde): spec.template.spec.hostPID must not be set',
    );
    const fixed = file(pod({ hostPID: null }), 'fixed');
    expect(() => refuseForbidden(renderedApp, overrides(...files, fixed))).not.toThrow();
  });
});
