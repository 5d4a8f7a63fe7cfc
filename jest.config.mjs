/**
 * One configuration for every project; Nx passes --rootDir. Jest uses one worker fewer than cores. A project whose specs
 * mostly wait for the controllers of Kubernetes names more in its package.json.
 */
export default {
  testEnvironment: 'node',
  // Only ends a test that hangs. It exceeds the deadline of a wait, whose error says what was not reached. Hooks start
  // real servers: 12 s on a quiet machine, over 30 s on a new one that builds something beside the tests.
  testTimeout: 180_000,
  passWithNoTests: true,
  // On a busy machine, Node takes up to a second after its exit event to free the heap of a worker without open handles.
  workerGracefulExitTimeout: 10_000,
  // With a limit, specs never run in the process of Jest itself: it ends a worker that a failed test keeps busy.
  workerIdleMemoryLimit: '4GB',
  testMatch: ['<rootDir>/{src,test}/**/*.spec.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  modulePathIgnorePatterns: ['<rootDir>/dist'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
};
