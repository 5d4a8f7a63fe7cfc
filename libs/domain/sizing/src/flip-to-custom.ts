import { custom } from './class-id.js';
import { type ResourceNumbers, resourceNumberNames } from './service-sizing.js';

interface Flip {
  /** `custom` after a flip, else the class of `base`. */
  readonly resourceRequirementClassId: string;
  /** Why the class became `custom`; absent without a flip. */
  readonly rrcFlipHint?: string;
}

/**
 * Flips the class to `custom` when a requested number differs from the class. An equal number does not flip it, and
 * storage never does (definitions §2).
 */
export function flipToCustom(
  base: ResourceNumbers & { readonly resourceRequirementClassId: string },
  request: Partial<ResourceNumbers>,
): Flip {
  const { resourceRequirementClassId } = base;
  if (resourceRequirementClassId === custom) return { resourceRequirementClassId };
  const differing = resourceNumberNames.filter((name) => request[name] !== undefined && request[name] !== base[name]);
  if (differing.length === 0) return { resourceRequirementClassId };
  const differences = differing.map((name) => `${name} ${request[name]} instead of ${base[name]}`).join(', ');
  return {
    resourceRequirementClassId: custom,
    rrcFlipHint: `The class is now custom, because ${resourceRequirementClassId} was given ${differences}. Name a class to leave custom.`,
  };
}
