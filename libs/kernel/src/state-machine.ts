/** States and transitions as a table: an unknown state does not compile, an unreachable one fails a test. */
export interface StateMachine<S extends string> {
  readonly start: S;
  readonly states: readonly S[];
  allows(from: S, to: S): boolean;
  /** True for a state without transitions. */
  ends(state: S): boolean;
  /** States that are unreachable from the start. */
  unreachable(): S[];
}

/** A state machine that starts in `start` and moves along `edges` only. */
export function stateMachine<S extends string>(
  start: NoInfer<S>,
  edges: { readonly [From in S]: readonly NoInfer<S>[] },
): StateMachine<S> {
  const states = Object.keys(edges) as S[];
  return {
    start,
    states,
    allows: (from, to) => edges[from].includes(to),
    ends: (state) => edges[state].length === 0,
    unreachable() {
      const reachable = new Set<S>([start]);
      for (const state of reachable) for (const next of edges[state]) reachable.add(next);
      return states.filter((state) => !reachable.has(state));
    },
  };
}
