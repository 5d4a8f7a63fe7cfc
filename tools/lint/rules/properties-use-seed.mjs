/** `propertySeed()`. */
const isSeed = (node) => node?.type === 'CallExpression' && node.callee.name === 'propertySeed';

/** `fc.configureGlobal({ seed: propertySeed() })` as a statement of the module, with or without other parameters. */
const setsSeed = ({ type, expression }) =>
  type === 'ExpressionStatement' &&
  expression.type === 'CallExpression' &&
  expression.callee.property?.name === 'configureGlobal' &&
  expression.arguments[0]?.properties?.some(({ key, value }) => key?.name === 'seed' && isSeed(value));

/** A spec that imports fast-check sets the seed of the workspace. Otherwise no run could be repeated. */
export const propertiesUseSeed = {
  meta: {
    type: 'problem',
    schema: [],
    messages: { unseeded: 'Set the seed of the workspace: fc.configureGlobal({ seed: propertySeed() }).' },
  },
  create: (context) => ({
    ImportDeclaration(node) {
      const isLibrary = node.source.value === 'fast-check' && node.importKind !== 'type';
      if (isLibrary && !node.parent.body.some(setsSeed)) context.report({ node, messageId: 'unseeded' });
    },
  }),
};
