import js from '@eslint/js';
import { createProjectGraphAsync, readCachedProjectGraph } from '@nx/devkit';
import nx from '@nx/eslint-plugin';
import jsdoc from 'eslint-plugin-jsdoc';
import tseslint from 'typescript-eslint';
import { boundaries, boundariesOfSpecs } from './tools/lint/boundaries.mjs';
import { handlersDeclareAccess } from './tools/lint/rules/handlers-declare-access.mjs';
import { noUnboundedWaits } from './tools/lint/rules/no-unbounded-waits.mjs';
import { noWallClockDurations } from './tools/lint/rules/no-wall-clock-durations.mjs';
import { propertiesUseSeed } from './tools/lint/rules/properties-use-seed.mjs';
import { renderersImportFrozenCode } from './tools/lint/rules/renderers-import-frozen-code.mjs';

// Without a project graph the boundary rule passes without an error.
try {
  readCachedProjectGraph();
} catch {
  await createProjectGraphAsync({ exitOnError: true });
}

const runos = {
  rules: {
    'handlers-declare-access': handlersDeclareAccess,
    'no-unbounded-waits': noUnboundedWaits,
    'no-wall-clock-durations': noWallClockDurations,
    'properties-use-seed': propertiesUseSeed,
    'renderers-import-frozen-code': renderersImportFrozenCode,
  },
};

/** Specs, and the files that only they import. They may use the test kits, which start real servers. */
const specs = ['**/*.spec.ts', '{apps,libs}/**/test/**/*.ts'];

/** Files that compare the wall clock with a time of another party: the end of a certificate or a token, a gRPC deadline, the age of an object. */
const wallClockFiles = [
  'apps/agent-gateway/src/authority/certificate-authorities.ts',
  'apps/agent-gateway/src/sessions/session-registry.ts',
  'apps/cli/src/output/time-text.ts',
  'apps/gateway/src/access/principal-cache.ts',
  'libs/agent/protocol/src/wire/call.ts',
  'libs/kube/client/src/kubeconfig.ts',
  'libs/testing/kube/src/cluster/identities.ts',
];

/** What a module exports: functions by declaration or as a constant, and classes. */
const exported = [
  'FunctionDeclaration',
  'ClassDeclaration',
  'VariableDeclaration > VariableDeclarator > ArrowFunctionExpression',
].map((node) => `ExportNamedDeclaration > ${node}`);

/** Methods that a library offers. TypeORM documents those of a migration. */
const publicMethods =
  'ExportNamedDeclaration > ClassDeclaration:not([implements.0.expression.name="MigrationInterface"]) > ClassBody' +
  ' > MethodDefinition:not([kind="constructor"], [accessibility="private"], [override=true], [key.type="PrivateIdentifier"])';

/** A literal that is spread into a literal: it only makes the formatter put several items on a line. */
const spreadLiterals = ['Object', 'Array'].map((literal) => ({
  selector: `${literal}Expression > SpreadElement > ${literal}Expression`,
  message: 'Write the items of the inner literal into the outer one.',
}));

/** How the name of a state begins that is true or false: as a question. */
const questions = ['is', 'has', 'can', 'may', 'must', 'needs', 'was', 'are'];
const booleanStates = ['classicAccessor', 'autoAccessor', 'classProperty'].map((selector) => ({
  selector,
  types: ['boolean'],
  format: ['PascalCase'],
  prefix: questions,
  // Other properties may be columns of a row, or required by TypeORM.
  ...(selector === 'classProperty' && { modifiers: ['#private'] }),
}));

/** Globals of Node that plain scripts use. */
const nodeGlobals = ['AbortController', 'performance', 'process', 'setTimeout', 'URL'];

export default tseslint.config(
  // Clients compile against what a generator makes of the API: a spec checks their types.
  {
    ignores: [
      '**/dist/**',
      '**/node_modules/**',
      '.nx/**',
      '.runos/**',
      'tools/lint/probes/**',
      'tools/e2e/clients/**',
    ],
  },
  { linterOptions: { noInlineConfig: true } },
  js.configs.recommended,
  {
    files: ['**/*.mjs'],
    languageOptions: { globals: Object.fromEntries(nodeGlobals.map((name) => [name, 'readonly'])) },
  },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.recommended],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { '@nx': nx, runos },
    rules: {
      '@nx/enforce-module-boundaries': boundaries,
      'runos/handlers-declare-access': 'error',
      'runos/renderers-import-frozen-code': 'error',
      'no-console': 'error',
      'no-restricted-syntax': ['error', ...spreadLiterals],
      eqeqeq: 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/ban-ts-comment': ['error', { 'ts-expect-error': 'allow-with-description' }],
      '@typescript-eslint/naming-convention': ['error', ...booleanStates],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unsafe-argument': 'error',
      '@typescript-eslint/no-unsafe-assignment': 'error',
      '@typescript-eslint/no-unsafe-call': 'error',
      '@typescript-eslint/no-unsafe-member-access': 'error',
      '@typescript-eslint/no-unsafe-return': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': [
        'error',
        { checksVoidReturn: { arguments: false, attributes: false } },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  {
    files: ['{apps,libs}/**/src/**/*.ts'],
    ignores: [...specs, ...wallClockFiles],
    rules: { 'runos/no-wall-clock-durations': 'error' },
  },
  {
    files: ['libs/**/src/**/*.ts'],
    ignores: specs,
    plugins: { jsdoc },
    rules: {
      'jsdoc/require-jsdoc': [
        'error',
        { contexts: [...exported, publicMethods], require: { FunctionDeclaration: false } },
      ],
      'jsdoc/require-throws': ['error', { contexts: [...exported, publicMethods] }],
    },
  },
  {
    files: specs,
    rules: { '@nx/enforce-module-boundaries': boundariesOfSpecs },
  },
  {
    files: ['**/*.spec.ts'],
    rules: { 'runos/properties-use-seed': 'error' },
  },
  {
    files: [...specs, 'libs/testing/**/*.ts', 'libs/**/testing/**/*.ts', 'tools/**/*.ts'],
    rules: { 'runos/no-unbounded-waits': 'error' },
  },
);
