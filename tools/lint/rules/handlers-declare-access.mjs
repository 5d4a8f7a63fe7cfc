/** Decorators of Nest that make a method a handler of requests from outside. */
const handling = new Set(
  (
    'All Delete Get Head Options Patch Post Put Search Sse ' +
    'MessagePattern EventPattern SubscribeMessage GrpcMethod GrpcStreamMethod GrpcStreamCall'
  ).split(' '),
);
/** Decorators that declare who may call. */
const declaring = new Set(['Access']);

const nameOf = (node) => {
  if (node.type === 'CallExpression') return nameOf(node.callee);
  if (node.type === 'MemberExpression') return node.property.name;
  return node.name;
};
const hasDecorator = (node, names) => (node.decorators ?? []).some(({ expression }) => names.has(nameOf(expression)));

/**
 * `@Respond`, `@Subscribe` and the gateway's `@Operation` take a contract or operation that declares who may call. Any
 * other handler needs `@Access`, on the method or its class. gRPC handlers written as bare functions declare nothing.
 */
export const handlersDeclareAccess = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      open: '{{name}} handles requests but does not declare who may call: use @Respond, @Operation or @Access.',
      bare: 'gRPC handlers written as an object literal declare no access: pass guarded ones.',
    },
  },
  create: (context) => ({
    MethodDefinition(node) {
      if (!hasDecorator(node, handling) || hasDecorator(node, declaring) || hasDecorator(node.parent.parent, declaring))
        return;
      context.report({ node: node.key, messageId: 'open', data: { name: node.key.name ?? 'This method' } });
    },
    CallExpression(node) {
      if (nameOf(node) !== 'addService') return;
      if (node.arguments[1]?.type === 'ObjectExpression')
        context.report({ node: node.arguments[1], messageId: 'bare' });
    },
  }),
};
