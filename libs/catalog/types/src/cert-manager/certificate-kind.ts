import type { CustomKind } from '@runos/kube-kinds';
import { hasStatus, isUnjudged, messageOf, reasonOf, statusConditions } from '../condition-expressions.js';

/** What decides the names, the key and the copies of a certificate. cert-manager itself writes none of them. */
const exclusive = [
  'spec.additionalOutputFormats',
  'spec.commonName',
  'spec.dnsNames',
  'spec.emailAddresses',
  'spec.ipAddresses',
  'spec.isCA',
  'spec.keystores',
  'spec.literalSubject',
  'spec.nameConstraints',
  'spec.otherNames',
  'spec.privateKey',
  'spec.secretTemplate',
  'spec.subject',
  'spec.uris',
  'spec.usages',
].map((path) => ({ path }));

const remedy = 'Check the issuer, and the DNS records of the names.';

/** The last attempt to issue has failed. cert-manager removes the condition `Issuing` when one succeeds. */
const hasFailed = `variables.issuing.exists(c, c.status == 'False' && c.?reason.orValue('') == 'Failed')`;

/**
 * cert-manager's `Certificate`. While one serves, a renewal that fails is reduced capacity: it is tried again until the
 * end of its validity. The Secret with the key stays when the object is deleted.
 */
export const certificateKind: CustomKind = {
  apiVersion: 'cert-manager.io/v1',
  kind: 'Certificate',
  resource: 'certificates',
  role: 'other',
  immutablePolicy: 'refuse',
  holdsData: false,
  exclusive,
  variables: [
    { name: 'ready', expression: statusConditions('Ready') },
    { name: 'issuing', expression: statusConditions('Issuing') },
  ],
  health: [
    {
      when: `${hasStatus('ready', 'True')} && ${hasFailed}`,
      state: 'degraded',
      reason: "'RenewalFailed'",
      message: `${messageOf('issuing')} + ' ${remedy}'`,
    },
    {
      when: hasFailed,
      state: 'failed',
      reason: "'IssuanceFailed'",
      message: `${messageOf('issuing')} + ' ${remedy}'`,
    },
    {
      when: isUnjudged('ready'),
      state: 'progressing',
      reason: "'NotObserved'",
      message: "'cert-manager has not observed Certificate ' + self.metadata.name + ' yet. Check that it runs.'",
    },
    {
      when: `${hasStatus('ready', 'False')} && ${reasonOf('ready')} == 'Expired'`,
      state: 'failed',
      reason: "'Expired'",
      message: `${messageOf('ready')} + ' ${remedy}'`,
    },
    {
      when: hasStatus('ready', 'False'),
      state: 'progressing',
      reason: reasonOf('ready'),
      message: messageOf('ready'),
    },
    { when: 'true', state: 'ready', reason: "'Ready'", message: "''" },
  ],
};
