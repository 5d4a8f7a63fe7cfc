import { invalidInput, type Issue } from '@runos/kernel';
import { schemaIssues, typeOfKind } from '@runos/kube-merge-patch';
import { canonicalJson, type KubeObject, mapAt } from '@runos/kube-objects';
import { applyOverrides } from './apply-overrides.js';
import { refusedContents } from './contents-policy.js';
import { describe, type Rendered } from './find-target.js';
import { mergeRules, type Overrides } from './override.js';
import { refusedPodFields } from './pod-security.js';
import { replicaIssues } from './replica-bounds.js';

/** A field that the cluster would refuse. `path` is empty where the reason names no single field. */
interface RefusedField {
  readonly path: string;
  readonly message: string;
  readonly object: string;
}

/**
 * Refuses what the cluster would refuse: fields that Kubernetes does not know, and contents that the policies of the
 * agent forbid. Refuses what would have no effect too, and numbers of replicas that no size may have. Specs are not checked again at delivery, so stricter checks of a later build stop nothing that runs.
 * @throws Fault `override.invalid` with every issue and the override that causes it, and as `applyOverrides`
 */
export function refuseForbidden(rendered: Rendered, overrides: Overrides): void {
  const refused = refusedFields(rendered, overrides);
  if (refused.length === 0) return;
  throw invalidInput(
    'override.invalid',
    refused.map((field) => toIssue(field, causeOf(field, rendered, overrides))),
  );
}

function refusedFields(rendered: Rendered, overrides: Overrides): RefusedField[] {
  return applyOverrides(rendered, overrides).flatMap((object, index) => {
    const before = rendered.objects[index] as KubeObject;
    if (canonicalJson(before) === canonicalJson(object)) return [];
    return refusedIn(before, object, rendered, overrides).map((field) => ({ ...field, object: describe(object) }));
  });
}

function refusedIn(before: KubeObject, object: KubeObject, rendered: Rendered, { version }: Overrides): Issue[] {
  const schema = mergeRules(version);
  const type = typeOfKind(schema, object.apiVersion, object.kind);
  const malformed = type === undefined ? [] : schemaIssues(object, schema, type);
  // The policies read objects of the right form only.
  if (malformed.length > 0) return malformed;
  const contents = refusedContents(before, object, rendered.kinds).map((message) => ({ path: '', message }));
  const replicas = rendered.kinds.kindOf(object).role === 'workload' ? replicaIssues(object) : [];
  return [...refusedPodFields(object), ...replicas, ...contents, ...changedCreationFields(before, object, rendered)];
}

/** What the cluster would take, and nothing would come of it. */
const changedCreationFields = (before: KubeObject, object: KubeObject, { creationFields }: Rendered): Issue[] =>
  creationFields
    .filter(({ apiVersion, kind }) => apiVersion === object.apiVersion && kind === object.kind)
    .filter(({ path }) => valueIn(before, path) !== valueIn(object, path))
    .map(({ path, reason }) => ({ path: path.join('.'), message: `cannot be changed any more: ${reason}` }));

/** The value of a field as text that is equal for equal values. */
const valueIn = (object: KubeObject, path: readonly string[]): string =>
  canonicalJson(mapAt(object, ...path.slice(0, -1))[path.at(-1) ?? ''] ?? null);

/** The first override with which the field is refused. */
function causeOf({ path, message }: RefusedField, rendered: Rendered, { version, files }: Overrides): string {
  const enabled = files.filter((file) => file.enabled);
  const isCause = (_: unknown, index: number): boolean =>
    refusedFields(rendered, { version, files: enabled.slice(0, index + 1) }).some(
      (field) => field.path === path && field.message === message,
    );
  return (enabled.find(isCause) ?? enabled.at(-1))?.name ?? '';
}

const toIssue = ({ path, message, object }: RefusedField, name: string): Issue => ({
  path: path === '' ? 'data' : path,
  message: `Override "${name}" (${object}): ${path === '' ? '' : `${path} `}${message}`,
});
