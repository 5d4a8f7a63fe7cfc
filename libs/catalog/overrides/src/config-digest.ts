import { canonicalJson, isMap, type KubeObject, mapAt } from '@runos/kube-objects';
import { createHash } from 'node:crypto';

const annotation = 'runos.com/overridden-config';

/**
 * Pods do not notice a changed ConfigMap. So the templates of pods get the digest of those that overrides have changed,
 * as renderers do for the ones that they render.
 */
export function withConfigDigest(before: readonly KubeObject[], after: readonly KubeObject[]): KubeObject[] {
  const changed = after.filter((object, index) => object.kind === 'ConfigMap' && !isSame(before[index], object));
  if (changed.length === 0) return [...after];
  const contents = changed.map(({ metadata: { name }, data, binaryData }) => ({ name, data, binaryData }));
  const digest = createHash('sha256').update(canonicalJson(contents)).digest('hex');
  return after.map((object) => (isMap(mapAt(object, 'spec')['template']) ? annotated(object, digest) : object));
}

const isSame = (a: unknown, b: unknown): boolean => a === b || canonicalJson(a) === canonicalJson(b);

function annotated(object: KubeObject, digest: string): KubeObject {
  const [spec, template] = [mapAt(object, 'spec'), mapAt(object, 'spec', 'template')];
  const metadata = mapAt(template, 'metadata');
  const annotations = { ...mapAt(metadata, 'annotations'), [annotation]: digest };
  return { ...object, spec: { ...spec, template: { ...template, metadata: { ...metadata, annotations } } } };
}
