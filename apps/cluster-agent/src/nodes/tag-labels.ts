import { nodeTagLabel } from '@runos/kube-objects';

type Labels = Readonly<Record<string, string>>;

/** The labels of a node with these tags, each `key` or `key:value`. */
const labelsOf = (tags: readonly string[]): Labels =>
  Object.fromEntries(
    tags.map((tag) => {
      const [key = '', value = ''] = tag.split(':', 2);
      return [`${nodeTagLabel}${key}`, value];
    }),
  );

/** The merge patch of the labels of a node that gives it these tags and no others; undefined if it has them. */
export function tagPatch(live: Labels, tags: readonly string[]): Record<string, string | null> | undefined {
  const desired = labelsOf(tags);
  const foreign = Object.keys(live).filter((label) => label.startsWith(nodeTagLabel) && !Object.hasOwn(desired, label));
  const missing = Object.entries(desired).filter(([label, value]) => live[label] !== value);
  if (foreign.length + missing.length === 0) return undefined;
  return Object.fromEntries<string | null>([...missing, ...foreign.map((label) => [label, null] as const)]);
}
