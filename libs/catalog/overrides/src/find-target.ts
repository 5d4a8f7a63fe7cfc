import type { CreationField, KindCatalog } from '@runos/kube-kinds';
import { isMap, type KubeObject, printRef, refOf } from '@runos/kube-objects';
import type { OverrideDocument } from './override.js';

/** The rendered objects of an instance, and what is known of their kinds. */
export interface Rendered {
  readonly osid: string;
  readonly objects: readonly KubeObject[];
  readonly kinds: KindCatalog;
  /** What has no effect on an object that exists. */
  readonly creationFields: readonly CreationField[];
}

/** The instance has a namespace of its own, so names without it are enough. */
export const describe = (object: KubeObject): string => {
  const { namespace: _, ...ref } = refOf(object);
  return printRef(ref);
};

/** The index of the object that a document patches, or why there is none. */
export function findTarget(document: OverrideDocument, rendered: Rendered): number | string {
  const { objects } = rendered;
  const metadata = document['metadata'];
  const name = isMap(metadata) ? metadata['name'] : undefined;
  const { kind, apiVersion } = document;
  if (kind === undefined) return mainWorkload(rendered);
  const ofKind = objects.filter((object) => object.kind === kind);
  const named = name === undefined ? ofKind : ofKind.filter((object) => object.metadata.name === name);
  const matching = apiVersion === undefined ? named : named.filter((object) => object.apiVersion === apiVersion);
  const [found, second] = matching;
  const description = [apiVersion, kind, name]
    .filter((each) => each !== undefined)
    .map(String)
    .join(' ');
  if (found === undefined) return `the instance has no ${description}; it has ${objects.map(describe).join(', ')}`;
  if (second === undefined) return objects.indexOf(found);
  return `${description} is ambiguous; name one of ${matching.map((object) => object.metadata.name).join(', ')} in metadata.name`;
}

/** The main object has the name of the instance. */
function mainWorkload({ osid, objects, kinds }: Rendered): number | string {
  const index = objects.findIndex(
    (object) => object.metadata.name === osid && kinds.kindOf(object).role === 'workload',
  );
  return index < 0 ? 'the instance has no main workload; name a kind' : index;
}
