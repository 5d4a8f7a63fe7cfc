import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { Fault } from '@runos/kernel';
import { canonicalJson } from './canonical-json.js';
import { type KubeObject, parseObjects } from './kube-object.js';

/** The identity of a bundle: SHA-256 in lower-case hex of the canonical JSON of its objects in the given order. */
const bundleDigest = (json: Buffer): string => createHash('sha256').update(json).digest('hex');

/** Maximum canonical JSON of a bundle. Gzipped it fits one Secret, which Kubernetes limits to 1 MiB. */
export const bundleLimitBytes = 1024 * 1024;

export interface PackedBundle {
  /** Canonical JSON of the objects, gzipped, base64. */
  readonly objectsGz: string;
  readonly digest: string;
  /** Size of the canonical JSON. */
  readonly bytes: number;
}

/** @throws Fault `request.too_large` with both numbers if the objects exceed the limit. */
export function packObjects(objects: readonly KubeObject[], limitBytes = bundleLimitBytes): PackedBundle {
  const json = Buffer.from(canonicalJson(objects));
  if (json.length > limitBytes) throw tooLarge(json.length, limitBytes);
  return { objectsGz: gzipSync(json, { level: 6 }).toString('base64'), digest: bundleDigest(json), bytes: json.length };
}

/**
 * The inverse.
 * @throws Fault `request.invalid` if the bytes are damaged or have another digest
 */
export function unpackObjects(objectsGz: string, digest: string, limitBytes = bundleLimitBytes): KubeObject[] {
  const json = inflate(objectsGz, limitBytes);
  const actual = bundleDigest(json);
  if (actual !== digest) {
    throw new Fault('request.invalid', `The bundle's digest is ${actual}, not ${digest} as announced: send it again.`);
  }
  return parseObjects(JSON.parse(json.toString('utf8')));
}

/** The objects of a bundle in memory that `unpackObjects` has verified: skips digest and schema checks. */
export const unpackVerifiedObjects = (objectsGz: Buffer): KubeObject[] =>
  JSON.parse(gunzipSync(objectsGz).toString('utf8')) as KubeObject[];

function inflate(objectsGz: string, limitBytes: number): Buffer {
  try {
    return gunzipSync(Buffer.from(objectsGz, 'base64'), { maxOutputLength: limitBytes });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(undefined, limitBytes);
    throw new Fault('request.invalid', 'The bundle is no gzipped base64: send it again.', {}, { cause });
  }
}

const tooLarge = (bytes: number | undefined, limitBytes: number): Fault =>
  new Fault(
    'request.too_large',
    `The rendered bundle has ${bytes ?? `more than ${limitBytes}`} bytes; ${limitBytes} are allowed.`,
    { limitBytes, ...(bytes === undefined ? {} : { bytes }) },
  );
