import { certificateFacts } from './agent-credentials.js';

/** Renew when less than this share of a certificate's life is left. */
const lastShare = 1 / 3;

/** Milliseconds until a certificate should be renewed; 0 when that is now. */
export function renewalDueIn(certificate: string, now: Date): number {
  const { notBefore, notAfter } = certificateFacts(certificate);
  const life = notAfter.getTime() - notBefore.getTime();
  return Math.max(0, notAfter.getTime() - life * lastShare - now.getTime());
}
