/** The label of a node that has a tag. */
const labelOf = (key: string): string => `runos.com/tag.${key}`;

/** Pods run on nodes that have all of these tags: `key` with any value, `key:value` with this one. */
export function nodeAffinity(tags: readonly string[] = []) {
  if (tags.length === 0) return {};
  const matchExpressions = tags.map((tag) => {
    const [key = '', value] = tag.split(':', 2);
    return value === undefined
      ? { key: labelOf(key), operator: 'Exists' }
      : { key: labelOf(key), operator: 'In', values: [value] };
  });
  const requiredDuringSchedulingIgnoredDuringExecution = { nodeSelectorTerms: [{ matchExpressions }] };
  return { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution } } };
}
