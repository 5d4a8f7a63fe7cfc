/** The name of a method call such as `clock.now()`. */
const methodOf = (node) =>
  node?.type === 'CallExpression' && node.callee.type === 'MemberExpression' ? node.callee.property.name : undefined;

/** `new Date()`, the wall-clock time as an object. */
const isNewDate = (node) => node.type === 'NewExpression' && node.callee.name === 'Date' && node.arguments.length === 0;

/** `Date.now()`. */
const isDateNow = (node) => methodOf(node) === 'now' && node.callee.object.name === 'Date';

/** `clock.now().getTime()` and `new Date().getTime()`. */
const isReadAsNumber = (node) =>
  ['getTime', 'valueOf'].includes(methodOf(node)) &&
  (methodOf(node.callee.object) === 'now' || isNewDate(node.callee.object));

/**
 * The wall clock as a number is only good for durations, and it may be stepped: use `clock.monotonicMs()` or
 * `performance.now()`. Timestamps are Dates. Files that compare with times of another party are exempt in
 * `eslint.config.mjs`.
 */
export const noWallClockDurations = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      wallClock: 'The wall clock may be stepped: measure durations with monotonicMs() or performance.now().',
    },
  },
  create: (context) => ({
    CallExpression(node) {
      if (isDateNow(node) || isReadAsNumber(node)) context.report({ node, messageId: 'wallClock' });
    },
  }),
};
