import { describe, expect, it } from '@jest/globals';
import { addon } from '@runos/addons';
import { KindCatalog, refuseInvalidKinds } from '@runos/kube-kinds';
import { groupOf, type KubeObject } from '@runos/kube-objects';
import { controllerKinds } from '../controller-kinds.js';

const catalog = new KindCatalog(controllerKinds);
const apiVersion = 'gateway.networking.k8s.io/v1';
const metadata = { name: 'web', namespace: 'app-3f9k2', generation: 2 };
const condition = (type: string, status: string, reason = 'R', message = 'words', observedGeneration = 2) => ({
  type,
  status,
  reason,
  message,
  observedGeneration,
});

describe('the kinds of controllers', () => {
  it('are accepted by agents, and defined by the add-ons', () => {
    expect(() => refuseInvalidKinds(controllerKinds)).not.toThrow();
    const crds = ['gateway-api', 'cert-manager'].flatMap((name) => addon(name).crds);
    for (const kind of controllerKinds) expect(crds).toContain(`${kind.resource}.${groupOf(kind.apiVersion)}`);
  });

  it('report a state of an unexpected shape as unknown', () => {
    const odd = { apiVersion, kind: 'HTTPRoute', metadata, spec: {}, status: { parents: 'none' } };
    expect(catalog.healthOf(odd)).toMatchObject({ state: 'progressing', reason: 'HealthUnknown' });
  });
});

describe('the health of a GatewayClass', () => {
  it.each([
    ['unknown to any controller', [], 'progressing', 'NotObserved'],
    [
      'with the condition of the API server',
      [condition('Accepted', 'Unknown', 'Pending')],
      'progressing',
      'NotObserved',
    ],
    ['accepted before it changed', [condition('Accepted', 'True', 'Accepted', '', 1)], 'progressing', 'NotObserved'],
    ['refused', [condition('Accepted', 'False', 'UnsupportedVersion')], 'failed', 'UnsupportedVersion'],
    ['accepted', [condition('Accepted', 'True')], 'ready', 'Accepted'],
  ])('%s', (_, conditions, state, reason) => {
    const spec = { controllerName: 'example.com/controller' };
    const object = { apiVersion, kind: 'GatewayClass', metadata, spec, status: { conditions } };
    expect(catalog.healthOf(object)).toMatchObject({ state, reason });
  });
});

describe('the health of a Gateway', () => {
  const accepted = condition('Accepted', 'True');
  const listener = (name: string, ...conditions: object[]) => ({ name, conditions });
  const gateway = (conditions: object[], listeners: object[] = []): KubeObject => ({
    apiVersion,
    kind: 'Gateway',
    metadata,
    spec: { gatewayClassName: 'web' },
    status: { conditions, listeners },
  });
  it.each([
    ['without a status', gateway([]), 'progressing', 'NotObserved'],
    ['refused', gateway([condition('Accepted', 'False', 'Invalid')]), 'failed', 'Invalid'],
    ['accepted', gateway([accepted]), 'progressing', 'Pending'],
    [
      'programmed before it changed',
      gateway([accepted, condition('Programmed', 'True', 'Programmed', '', 1)]),
      'progressing',
      'Pending',
    ],
    [
      'without an address yet',
      gateway([accepted, condition('Programmed', 'False', 'AddressNotAssigned')]),
      'progressing',
      'AddressNotAssigned',
    ],
    ['not programmed', gateway([accepted, condition('Programmed', 'False', 'NoResources')]), 'failed', 'NoResources'],
    [
      'with a listener whose certificate is missing',
      gateway(
        [accepted, condition('Programmed', 'True')],
        [
          listener('web', condition('Programmed', 'True'), condition('Conflicted', 'False')),
          listener('websecure', condition('ResolvedRefs', 'False', 'InvalidCertificateRef', 'secret not found')),
        ],
      ),
      'degraded',
      'ListenerNotReady',
    ],
    [
      'with a listener whose port another has',
      gateway([accepted, condition('Programmed', 'True')], [listener('web', condition('Conflicted', 'True'))]),
      'degraded',
      'ListenerNotReady',
    ],
    ['programmed', gateway([accepted, condition('Programmed', 'True')], [listener('web')]), 'ready', 'Programmed'],
  ])('%s', (_, object, state, reason) => expect(catalog.healthOf(object)).toMatchObject({ state, reason }));

  it('names the listener and the cause', () => {
    const conditions = [condition('ResolvedRefs', 'False', 'InvalidCertificateRef', 'secret "wildcard" not found')];
    const object = gateway([accepted, condition('Programmed', 'True')], [listener('websecure', ...conditions)]);
    expect(catalog.healthOf(object).message).toBe(
      'Listener websecure does not serve: secret "wildcard" not found. Check its port and its certificate.',
    );
  });
});

describe('the health of an HTTPRoute', () => {
  const route = (parents: object[], names = ['public']): KubeObject => ({
    apiVersion,
    kind: 'HTTPRoute',
    metadata,
    spec: { parentRefs: names.map((name) => ({ name, namespace: 'traefik-i7r7v' })) },
    status: { parents },
  });
  const parent = (...conditions: object[]) => ({
    parentRef: { name: 'public', namespace: 'traefik-i7r7v' },
    controllerName: 'example.com/controller',
    conditions,
  });
  const accepted = condition('Accepted', 'True');
  const resolved = condition('ResolvedRefs', 'True');
  it.each([
    ['that names no Gateway', route([], []), 'failed', 'NoGateway'],
    ['that no controller has seen', route([]), 'progressing', 'NotObserved'],
    [
      'accepted before it changed',
      route([parent(condition('Accepted', 'True', 'Accepted', '', 1), resolved)]),
      'progressing',
      'NotObserved',
    ],
    [
      'that one of two Gateways has seen',
      route([parent(accepted, resolved)], ['a', 'b']),
      'progressing',
      'NotObserved',
    ],
    ['accepted without resolved references', route([parent(accepted)]), 'progressing', 'Pending'],
    [
      'whose host no listener has',
      route([parent(condition('Accepted', 'False', 'NoMatchingListenerHostname'), resolved)]),
      'failed',
      'NoMatchingListenerHostname',
    ],
    ['that waits', route([parent(condition('Accepted', 'False', 'Pending'))]), 'progressing', 'Pending'],
    [
      'whose Service does not exist yet',
      route([parent(accepted, condition('ResolvedRefs', 'False', 'BackendNotFound'))]),
      'progressing',
      'BackendNotFound',
    ],
    [
      'whose backend is not permitted',
      route([parent(accepted, condition('ResolvedRefs', 'False', 'RefNotPermitted'))]),
      'failed',
      'RefNotPermitted',
    ],
    [
      'with a rule that does not work',
      route([parent(accepted, resolved, condition('PartiallyInvalid', 'True', 'UnsupportedValue'))]),
      'degraded',
      'UnsupportedValue',
    ],
    ['accepted and resolved', route([parent(accepted, resolved)]), 'ready', 'Accepted'],
  ])('%s', (_, object, state, reason) => {
    const health = catalog.healthOf(object);
    expect(health).toMatchObject({ state, reason });
    if (state !== 'ready') expect(health.message).toMatch(/\.$/);
  });

  it('names the Gateway and the cause', () => {
    const words = 'no listener allows the namespace';
    const refused = route([parent(condition('Accepted', 'False', 'NotAllowedByListeners', words), resolved)]);
    expect(catalog.healthOf(refused).message).toBe(
      'Gateway traefik-i7r7v/public: no listener allows the namespace. Check which hosts and namespaces its listeners allow.',
    );
  });
});
