import type { KubeObject } from '@runos/kube-objects';
import { redactSecrets } from '../secrets/redact-secrets.js';

/** The limit of the protocol, characters. */
const maxMessageLength = 4_096;
/** A plan shows values of Secrets so. The words of the API server are shorter than logs, so shorter values count. */
const plans = { minBytes: 4, replacement: '(hidden)' };

/** The words of the API server about a bundle, without the values of its Secrets, which a webhook may quote. */
export function withoutSecrets(message: string, objects: readonly KubeObject[]): string {
  const hidden = redactSecrets(objects, plans)(message);
  return hidden.length <= maxMessageLength ? hidden : `${hidden.slice(0, maxMessageLength - 1)}…`;
}
