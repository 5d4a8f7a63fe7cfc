import { createHash } from 'node:crypto';
import type { KubeObject } from '@runos/kube-objects';

/**
 * Over what people and controllers can want of an object: all but its status and what every write changes. A field that
 * others took over is in no owned hash any more, so this one tells when they give it back.
 */
export function contentHash({ status: _, metadata, ...content }: KubeObject): string {
  const kept = { ...metadata, managedFields: undefined, resourceVersion: undefined, generation: undefined };
  return createHash('sha256')
    .update(JSON.stringify([kept, content]))
    .digest('base64url');
}
