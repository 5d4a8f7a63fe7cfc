import { APPLY_BUNDLE, type Bundle, DELETE_BUNDLE } from '@runos/agent-protocol';
import { type KubeObject, unpackObjects } from '@runos/kube-objects';

/** The stored bundle of one instance. */
export interface StoredBundle {
  readonly osid: string;
  readonly generation: number;
  readonly revision: number;
  readonly digest: string;
  readonly objects: readonly KubeObject[];
  readonly removed: boolean;
  readonly allowedWriters?: Bundle['allowedWriters'];
  readonly writersDigest?: Bundle['writersDigest'];
  readonly acceptDataLoss?: Bundle['acceptDataLoss'];
}

const tombstone = '0'.repeat(64);

/** What an agent stores of an instruction. @throws Error for an input that the contract does not allow */
export function readBundle(type: string, body: unknown): StoredBundle {
  if (type === DELETE_BUNDLE.type) {
    const { osid, generation, revision } = DELETE_BUNDLE.input.parse(body);
    return { osid, generation, revision, digest: tombstone, objects: [], removed: true };
  }
  const { osid, generation, revision, digest, objectsGz, allowedWriters, writersDigest, acceptDataLoss } =
    APPLY_BUNDLE.input.parse(body);
  const objects = unpackObjects(objectsGz, digest);
  const writers = allowedWriters === undefined ? {} : { allowedWriters, writersDigest };
  const consent = acceptDataLoss === undefined ? {} : { acceptDataLoss };
  return { osid, generation, revision, digest, objects, removed: false, ...writers, ...consent };
}
