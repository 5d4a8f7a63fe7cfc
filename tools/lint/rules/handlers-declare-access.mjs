/** Decorators that make a method answer callers, and those that also say who may call. */
const answering = new Set([
  ...['All', 'Delete', 'Get', 'Head', 'Options', 'Patch', 'Post', 'Put', 'Search', 'Sse'],
  ...['MessagePattern', 'EventPattern', 'SubscribeMessage', 'GrpcMethod', 'GrpcStreamMethod', 'GrpcStreamCall'],
]);
const declaring = new Set(['Access']);

const nameOf = (node) => {
  if (node.type === 'CallExpression') return nameOf(node.callee);
  if (node.type === 'MemberExpression') return node.property.name;
  return node.name;
};
const wears = (node, names) => (node.decorators ?? []).some(({ expression }) => names.has(nameOf(expression)));

/**
 * `@Answers`, `@Hears` and the gateway's `@Operation` take a contract or operation that says who may call. Anything
 * else that answers must wear `@Access`, itself or its class. gRPC handlers given as bare functions say nothing.
 */
export const handlersDeclareAccess = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      open: '{{name}} answers callers but nothing says which: use @Answers, @Operation or @Access.',
      bare: 'gRPC handlers written where they are served declare no access: hand over guarded ones.',
    },
  },
  create: (context) => ({
    MethodDefinition(node) {
      if (!wears(node, answering) || wears(node, declaring) || wears(node.parent.parent, declaring)) return;
      context.report({ node: node.key, messageId: 'open', data: { name: node.key.name ?? 'This method' } });
    },
    CallExpression(node) {
      if (nameOf(node) !== 'addService') return;
      if (node.arguments[1]?.type === 'ObjectExpression')
        context.report({ node: node.arguments[1], messageId: 'bare' });
    },
  }),
};
