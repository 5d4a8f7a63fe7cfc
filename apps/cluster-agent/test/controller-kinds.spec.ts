import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { KindCatalog } from '@runos/kube-kinds';
import { foreignItems, type KubeObject, overriddenFields, printPath, refOf } from '@runos/kube-objects';
import { controllerKinds } from '@runos/service-types';
import { randomBytes } from 'node:crypto';
import { type AgentAccess, useAccess } from './agent-access.js';

/** What controllers write, with the real definitions and the defaults of the API server. No controller runs. */
const catalog = new KindCatalog(controllerKinds);
const id = randomBytes(4).toString('hex');
const namespace = `controller-kinds-${id}`;
const gatewayApi = 'gateway.networking.k8s.io/v1';
const certManager = 'cert-manager.io/v1';
const parentRef = { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'public' };

const gatewayClass: KubeObject = {
  apiVersion: gatewayApi,
  kind: 'GatewayClass',
  metadata: { name: namespace },
  spec: { controllerName: 'example.com/gateway' },
};
const gateway: KubeObject = {
  apiVersion: gatewayApi,
  kind: 'Gateway',
  metadata: { name: 'public', namespace },
  spec: {
    gatewayClassName: namespace,
    listeners: [
      {
        name: 'web',
        port: 8000,
        protocol: 'HTTP',
        hostname: '*.example.com',
        allowedRoutes: { namespaces: { from: 'Same' } },
      },
    ],
  },
};
const route: KubeObject = {
  apiVersion: gatewayApi,
  kind: 'HTTPRoute',
  metadata: { name: 'shop', namespace },
  spec: {
    hostnames: ['shop.example.com'],
    parentRefs: [parentRef],
    rules: [
      {
        matches: [{ path: { type: 'PathPrefix', value: '/' } }],
        backendRefs: [{ group: '', kind: 'Service', name: 'shop', port: 8080, weight: 1 }],
      },
    ],
  },
};
const grant: KubeObject = {
  apiVersion: 'gateway.networking.k8s.io/v1beta1',
  kind: 'ReferenceGrant',
  metadata: { name: 'shop', namespace },
  spec: {
    from: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'shop' }],
    to: [{ group: '', kind: 'Service', name: 'shop' }],
  },
};
const issuer: KubeObject = {
  apiVersion: certManager,
  kind: 'Issuer',
  metadata: { name: 'private', namespace },
  spec: { ca: { secretName: 'ca' } },
};
const clusterIssuer: KubeObject = {
  apiVersion: certManager,
  kind: 'ClusterIssuer',
  metadata: { name: namespace },
  spec: { ca: { secretName: 'ca' } },
};
const certificate: KubeObject = {
  apiVersion: certManager,
  kind: 'Certificate',
  metadata: { name: 'wildcard', namespace },
  spec: { secretName: 'wildcard', dnsNames: ['*.example.com'], issuerRef: { kind: 'Issuer', name: 'private' } },
};
const all = [gatewayClass, grant, issuer, clusterIssuer, gateway, route, certificate];

let access: AgentAccess;

afterAll(async () => {
  for (const object of [gatewayClass, clusterIssuer]) await access.admin.delete(refOf(object));
  await access.admin.delete({ apiVersion: 'v1', kind: 'Namespace', name: namespace });
});

useAccess((started) => (access = started));

const responses = new Map<KubeObject, KubeObject>();

beforeAll(async () => {
  await access.admin.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  for (const object of all) responses.set(object, await access.admin.apply(object));
});

const condition = (type: string, status: string, reason: string, observedGeneration = 1) => ({
  type,
  status,
  reason,
  message: 'in the words of the controller',
  observedGeneration,
  lastTransitionTime: '2030-01-01T00:00:00Z',
});

/** Writes a status as a controller does, and judges the live object. */
async function healthWith(object: KubeObject, status: object) {
  const { apiVersion, kind, metadata } = object;
  const { resource = '' } = controllerKinds.find((each) => each.kind === kind) ?? {};
  const inNamespace = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`;
  await access.admin.transport.send({
    method: 'PATCH',
    path: `/apis/${apiVersion}${inNamespace}/${resource}/${metadata.name}/status`,
    query: { fieldManager: 'controller' },
    body: { status },
    contentType: 'application/merge-patch+json',
  });
  return catalog.healthOf(await access.admin.get(refOf(object)));
}

describe('the kinds of the Gateway API and of cert-manager', () => {
  it.each(all.map((object) => [object.kind, object] as const))('store a %s as it was applied', (_, object) => {
    const response = responses.get(object) as KubeObject;
    expect(overriddenFields(object, response)).toEqual([]);
    expect(foreignItems(response, catalog.kindOf(object).exclusive)).toEqual([]);
  });

  it.each([gatewayClass, gateway, route, certificate].map((object) => [object.kind, object] as const))(
    'count a %s that no controller has seen as progressing',
    async (_, object) => {
      const live = await access.admin.get(refOf(object));
      expect(catalog.healthOf(live)).toMatchObject({ state: 'progressing', reason: 'NotObserved' });
    },
  );

  it('follow a route from the class to its answer', async () => {
    const accepted = { conditions: [condition('Accepted', 'True', 'Accepted')] };
    expect(await healthWith(gatewayClass, accepted)).toMatchObject({ state: 'ready' });
    const unaddressed = [...accepted.conditions, condition('Programmed', 'False', 'AddressNotAssigned')];
    expect(await healthWith(gateway, { conditions: unaddressed })).toMatchObject({ reason: 'AddressNotAssigned' });
    const programmed = [...accepted.conditions, condition('Programmed', 'True', 'Programmed')];
    expect(await healthWith(gateway, { conditions: programmed })).toMatchObject({ state: 'ready' });
    const judged = (...conditions: object[]) => ({
      parents: [{ parentRef, controllerName: 'example.com/gateway', conditions }],
    });
    const refused = condition('Accepted', 'False', 'NoMatchingListenerHostname');
    expect(await healthWith(route, judged(refused))).toMatchObject({
      state: 'failed',
      reason: 'NoMatchingListenerHostname',
      message: expect.stringContaining(`Gateway ${namespace}/public: in the words of the controller.`),
    });
    const both = [condition('Accepted', 'True', 'Accepted'), condition('ResolvedRefs', 'True', 'ResolvedRefs')];
    expect(await healthWith(route, judged(...both))).toEqual({ state: 'ready', reason: 'Accepted', message: '' });
  });

  it('follow a certificate to its failed renewal', async () => {
    const ready = condition('Ready', 'True', 'Ready');
    for (const object of [issuer, clusterIssuer]) {
      expect(await healthWith(object, { conditions: [ready] })).toMatchObject({ state: 'ready' });
    }
    expect(await healthWith(certificate, { conditions: [ready] })).toMatchObject({ state: 'ready' });
    const failed = condition('Issuing', 'False', 'Failed');
    expect(await healthWith(certificate, { conditions: [ready, failed] })).toMatchObject({ reason: 'RenewalFailed' });
  });

  it.each<[string, KubeObject, object, string[]]>([
    [
      'another listener',
      gateway,
      { listeners: [{ name: 'tcp', port: 9000, protocol: 'HTTP' }] },
      ['spec.listeners[name=tcp]'],
    ],
    ['an address', gateway, { addresses: [{ type: 'IPAddress', value: '192.0.2.1' }] }, ['spec.addresses']],
    [
      'parameters',
      gatewayClass,
      { parametersRef: { group: 'example.com', kind: 'Settings', name: 'x' } },
      ['spec.parametersRef'],
    ],
    ['another name', certificate, { commonName: 'other.example.com' }, ['spec.commonName']],
    ['a template', certificate, { secretTemplate: { labels: { copied: 'true' } } }, ['spec.secretTemplate']],
  ])('report %s that another manager adds', async (_, object, spec, paths) => {
    const { apiVersion, kind, metadata } = object;
    const added = { apiVersion, kind, metadata, spec };
    const live = await access.admin.apply(
      // Server-side apply of another manager needs the required fields, which have the same values.
      { ...added, spec: { ...required(object), ...spec } },
      { fieldManager: 'other', dryRun: true },
    );
    expect(foreignItems(live, catalog.kindOf(object).exclusive).map(printPath)).toEqual(paths);
  });

  it('refuse another controller of a class, which is not deleted for that', async () => {
    const moved = { ...gatewayClass, spec: { controllerName: 'example.com/other' } };
    await expect(access.admin.apply(moved, { force: true })).rejects.toThrow('Value is immutable');
    expect(catalog.kindOf(gatewayClass).immutablePolicy).toBe('refuse');
  });
});

/** The fields that the API server requires of every apply. */
function required({ kind, spec }: KubeObject & { spec?: unknown }): object {
  const fields = spec as Record<string, unknown>;
  const names: Readonly<Record<string, readonly string[]>> = {
    Gateway: ['gatewayClassName'],
    GatewayClass: ['controllerName'],
    Certificate: ['secretName', 'issuerRef'],
  };
  return Object.fromEntries((names[kind] ?? []).map((name) => [name, fields[name]]));
}
