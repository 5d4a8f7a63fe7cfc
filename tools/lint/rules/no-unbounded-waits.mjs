/** Functions that let time pass. */
const pauses = new Set(['sleep', 'delay', 'setTimeout', 'setImmediate']);

/** Properties of a clock and of a signal. */
const ends = new Set(['now', 'monotonicMs', 'aborted', 'throwIfAborted']);
const readsEnd = ({ type, property }) => type === 'MemberExpression' && ends.has(property.name);

const isEndless = ({ test }) => test == null || test.value === true;

/** Whether the loop lets time pass: by a pause, a condition that reads again, or a further attempt after a failure. */
function isPolling(loop, nodes) {
  const awaits = (within) => nodes(within).some(({ type }) => type === 'AwaitExpression');
  if (!awaits(loop)) return false;
  if (loop.test && awaits(loop.test)) return true;
  const isPause = ({ type, name }) => type === 'Identifier' && pauses.has(name);
  const isRetry = ({ type, handler }) => type === 'TryStatement' && handler !== null;
  const inBody = nodes(loop.body);
  return inBody.some(isPause) || (isEndless(loop) && inBody.some(isRetry));
}

/**
 * A loop that waits reads a clock or a signal: otherwise a condition that never holds keeps its process running after
 * the test has failed. Loops that count, or that await one event after the other, may do without.
 */
export const noUnboundedWaits = {
  meta: {
    type: 'problem',
    schema: [],
    messages: { unbounded: 'This loop may never end: use waitUntil() of @runos/testing-process, with a deadline.' },
  },
  create(context) {
    const { visitorKeys } = context.sourceCode;
    const nodes = (node) => [
      node,
      ...(visitorKeys[node.type] ?? []).flatMap((key) => [node[key]].flat().filter(Boolean).flatMap(nodes)),
    ];
    const check = (loop) => {
      if (loop.type === 'ForStatement' && loop.update) return;
      if (isPolling(loop, nodes) && !nodes(loop).some(readsEnd)) context.report({ node: loop, messageId: 'unbounded' });
    };
    return { WhileStatement: check, DoWhileStatement: check, ForStatement: check };
  },
};
