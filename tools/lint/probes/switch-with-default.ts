// as itself
// must pass
/** A default covers the rest of a union, for unions of which only a few members matter here. */
export function textOf(state: 'open' | 'closed' | 'unknown'): string {
  switch (state) {
    case 'open':
      return 'open';
    default:
      return 'other';
  }
}
