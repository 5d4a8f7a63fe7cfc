import { existsSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';

const manifests = new Map();

/** The nearest package.json above a file. */
function manifestOf(folder) {
  if (!manifests.has(folder)) {
    const file = join(folder, 'package.json');
    manifests.set(folder, existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : manifestOf(dirname(folder)));
  }
  return manifests.get(folder);
}

/** `@scope/name/deep/path` → `@scope/name` */
const packageOf = (specifier) => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');

/** What every workspace gets from the root: the test runner's own globals. */
const fromRoot = new Set(['@jest/globals']);

/**
 * A package may be imported only where its workspace declares it, and a development dependency only in specs: hoisting
 * would otherwise let an import work by accident.
 */
export const declaredImports = {
  meta: {
    type: 'problem',
    schema: [{ type: 'object', properties: { spec: { type: 'boolean' } }, additionalProperties: false }],
    messages: {
      undeclared: '{{name}} is not a dependency of {{workspace}}: add it to its package.json.',
      development: '{{name}} is only a development dependency of {{workspace}}: specs alone may import it.',
    },
  },
  create(context) {
    const { spec = false } = context.options[0] ?? {};
    const { name: workspace, dependencies = {}, devDependencies = {} } = manifestOf(dirname(context.filename));
    const check = (node) => {
      const specifier = node?.value;
      if (typeof specifier !== 'string' || specifier.startsWith('.') || isBuiltin(specifier)) return;
      const name = packageOf(specifier);
      if (name in dependencies || name === workspace || (spec && (name in devDependencies || fromRoot.has(name))))
        return;
      const messageId = name in devDependencies ? 'development' : 'undeclared';
      context.report({ node, messageId, data: { name, workspace } });
    };
    return {
      ImportDeclaration: ({ source }) => check(source),
      ExportNamedDeclaration: ({ source }) => check(source),
      ExportAllDeclaration: ({ source }) => check(source),
      ImportExpression: ({ source }) => check(source),
      TSImportType: ({ source }) => check(source),
    };
  },
};
