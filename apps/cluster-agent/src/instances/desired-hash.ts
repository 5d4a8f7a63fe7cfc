import { createHash } from 'node:crypto';
import type { KubeObject } from '@runos/kube-objects';

/** The hash of a rendered object. The JSON of an object from a bundle is canonical. */
export const desiredHashOf = (object: KubeObject): string =>
  createHash('sha256').update(JSON.stringify(object)).digest('base64url');
