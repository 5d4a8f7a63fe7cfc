/** True if a node with these tags has `pin`: `key` with any value, or `key:value`. */
const hasTag = (tags: readonly string[], pin: string): boolean =>
  tags.some((tag) => tag === pin || (!pin.includes(':') && tag.startsWith(`${pin}:`)));

/** The pins that no node has. */
export const unknownPins = (nodes: readonly (readonly string[])[], pins: readonly string[]): string[] =>
  pins.filter((pin) => !nodes.some((tags) => hasTag(tags, pin)));

/** True if one node has all pins. */
export const matchesANode = (nodes: readonly (readonly string[])[], pins: readonly string[]): boolean =>
  pins.length === 0 || nodes.some((tags) => pins.every((pin) => hasTag(tags, pin)));
