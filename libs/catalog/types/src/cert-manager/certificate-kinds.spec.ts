import { describe, expect, it } from '@jest/globals';
import { KindCatalog } from '@runos/kube-kinds';
import { controllerKinds } from '../controller-kinds.js';

const catalog = new KindCatalog(controllerKinds);
const condition = (type: string, status: string, reason: string, observedGeneration = 2) => ({
  type,
  status,
  reason,
  message: 'words',
  observedGeneration,
});
const healthOf = (kind: string, conditions: object[]) =>
  catalog.healthOf({
    apiVersion: 'cert-manager.io/v1',
    kind,
    metadata: { name: 'wildcard', namespace: 'traefik-i7r7v', generation: 2 },
    spec: {},
    status: { conditions },
  });

describe('the health of a Certificate', () => {
  const failed = condition('Issuing', 'False', 'Failed');
  it.each([
    ['not observed', [], 'progressing', 'NotObserved'],
    ['ready before it changed', [condition('Ready', 'True', 'Ready', 1)], 'progressing', 'NotObserved'],
    [
      'being issued',
      [condition('Ready', 'False', 'DoesNotExist'), condition('Issuing', 'True', 'DoesNotExist')],
      'progressing',
      'DoesNotExist',
    ],
    ['whose issuance failed', [condition('Ready', 'False', 'DoesNotExist'), failed], 'failed', 'IssuanceFailed'],
    ['that serves while its renewal fails', [condition('Ready', 'True', 'Ready'), failed], 'degraded', 'RenewalFailed'],
    [
      'that is renewed',
      [condition('Ready', 'True', 'Ready'), condition('Issuing', 'True', 'Renewing')],
      'ready',
      'Ready',
    ],
    ['that has expired', [condition('Ready', 'False', 'Expired')], 'failed', 'Expired'],
    ['ready', [condition('Ready', 'True', 'Ready')], 'ready', 'Ready'],
  ])('%s', (_, conditions, state, reason) => {
    expect(healthOf('Certificate', conditions)).toMatchObject({ state, reason });
  });
});

describe.each(['Issuer', 'ClusterIssuer'])('the health of a kind %s', (kind) => {
  it('is its condition Ready, of the newest spec', () => {
    expect(healthOf(kind, [condition('Ready', 'True', 'KeyPairVerified')])).toMatchObject({ state: 'ready' });
    expect(healthOf(kind, [condition('Ready', 'True', 'KeyPairVerified', 1)])).toMatchObject({ reason: 'NotObserved' });
    expect(healthOf(kind, [condition('Ready', 'False', 'ErrGetKeyPair')])).toMatchObject({
      state: 'progressing',
      reason: 'ErrGetKeyPair',
      message: expect.stringContaining('words.'),
    });
  });
});
