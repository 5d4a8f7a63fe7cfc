import { canonicalJson } from './canonical-json.js';
import { groupOf, type KubeObject, mapAt } from './kube-object.js';
import type { FieldPath } from './ownership/field-path.js';

const podTemplateKinds: ReadonlySet<string> = new Set(['StatefulSet', 'Deployment', 'DaemonSet']);

/** The groups of Kubernetes itself have no dot, or end in `.k8s.io`. */
function isCustom({ apiVersion }: KubeObject): boolean {
  const group = groupOf(apiVersion);
  return group.includes('.') && !group.endsWith('.k8s.io');
}

/** The part of an object whose change can replace pods; undefined when it has none. */
function podSource(object: KubeObject): unknown {
  if (podTemplateKinds.has(object.kind)) return mapAt(object, 'spec', 'template');
  if (!isCustom(object)) return undefined;
  return { spec: mapAt(object, 'spec'), annotations: object.metadata.annotations ?? {} };
}

const podSources = (objects: readonly KubeObject[]): string =>
  canonicalJson(
    objects.flatMap((object) => {
      const source = podSource(object);
      return source === undefined ? [] : [[object.kind, object.metadata.name, source]];
    }),
  );

/** Whether a pod template differs, or spec or annotations of a custom resource, whose operator may replace pods. */
export const restartsPods = (before: readonly KubeObject[], after: readonly KubeObject[]): boolean =>
  podSources(before) !== podSources(after);

/** Whether this field belongs to what `restartsPods` compares. */
export function decidesPods(object: KubeObject, [section, field]: FieldPath): boolean {
  if (podTemplateKinds.has(object.kind)) return section === 'f:spec' && field === 'f:template';
  return isCustom(object) && (section === 'f:spec' || (section === 'f:metadata' && field === 'f:annotations'));
}
