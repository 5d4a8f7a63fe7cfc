import { creationFieldsOf, kindCatalog } from '@runos/service-types';
import type { KubeObject } from '@runos/kube-objects';
import { type Override, type Overrides, overridesOf, parseOverride, type Rendered } from '../src/index.js';

const labels = {
  'runos.com/osid': 'app-abcde',
  'runos.com/aid': 'aaaaa',
  'runos.com/cid': 'abc',
  'app.kubernetes.io/managed-by': 'runos',
};
const owned = (apiVersion: string, kind: string, name: string, content: object): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name, namespace: 'app-abcde', labels },
  ...content,
});

const securityContext = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };

/** The objects of an app, as its renderer makes them. */
export const renderedApp: Rendered = {
  osid: 'app-abcde',
  kinds: kindCatalog('app'),
  creationFields: creationFieldsOf('app'),
  objects: [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'app-abcde', labels } },
    owned('v1', 'ServiceAccount', 'app-abcde', { automountServiceAccountToken: false }),
    owned('v1', 'Secret', 'app-abcde-user-secret-env-vars', { data: {} }),
    owned('v1', 'ConfigMap', 'app-abcde-user-env-vars', { data: { MODE: 'slow' } }),
    owned('v1', 'ConfigMap', 'app-abcde-more', { data: {} }),
    owned('v1', 'Service', 'app-abcde', { spec: { selector: { a: 'b' }, ports: [{ port: 80, name: 'web' }] } }),
    owned('apps/v1', 'Deployment', 'app-abcde', {
      spec: {
        replicas: 1,
        selector: { matchLabels: { 'runos.com/osid': 'app-abcde' } },
        template: {
          metadata: { labels, annotations: { 'runos.com/environment': '0' } },
          spec: {
            serviceAccountName: 'app-abcde',
            automountServiceAccountToken: false,
            securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
            containers: [{ name: 'app', image: 'app:1', securityContext }],
          },
        },
      },
    }),
  ],
};

/** The objects of a PostgreSQL, whose main workload is a custom resource. */
export const renderedPostgresql: Rendered = {
  osid: 'postgresql-abcde',
  kinds: kindCatalog('postgresql'),
  creationFields: creationFieldsOf('postgresql'),
  objects: [
    {
      apiVersion: 'postgresql.cnpg.io/v1',
      kind: 'Cluster',
      metadata: { name: 'postgresql-abcde', namespace: 'postgresql-abcde', labels },
      spec: {
        instances: 1,
        bootstrap: { initdb: { database: 'app', owner: 'app' } },
        storage: { size: '10Gi' },
        inheritedMetadata: { labels },
      },
    },
  ],
};

/** An override with this text. */
export const file = (text: string, name = 'tuned', enabled = true): Override => {
  const data = Buffer.from(text).toString('base64');
  return { id: name, name, enabled, data, documents: parseOverride(name, data) };
};

/** The overrides with these files. */
export const overrides = (...files: Override[]): Overrides => overridesOf(files) as Overrides;
