import { existsSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type Project, readJson } from './projects.js';

/** The part of Jest's JSON report that counts. */
interface JestReport {
  readonly success: boolean;
  readonly numPassedTests: number;
  readonly testResults: readonly Suite[];
}

interface Suite {
  readonly name: string;
  readonly status: string;
  readonly message: string;
  readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
}

export interface Results {
  readonly passed: number;
  readonly failures: readonly string[];
}

/** The targets that run tests. */
export type TestTarget = 'test' | 'e2e';

const fileOf = (root: string, { folder }: Project, target: TestTarget) => join(root, folder, `.${target}-results.json`);

/** Forgets the results of earlier runs; what the cache knows it puts back. */
export function forgetResults(root: string, projects: readonly Project[], target: TestTarget): void {
  for (const project of projects) rmSync(fileOf(root, project, target), { force: true });
}

/** How many tests passed, and every failure by name, as Jest wrote down now or when the cache was filled. */
export function resultsOf(root: string, project: Project, target: TestTarget): Results {
  const file = fileOf(root, project, target);
  if (!existsSync(file)) return { passed: 0, failures: [`${project.name}: its tests did not run`] };
  const { success, numPassedTests, testResults } = readJson<JestReport>(file);
  const failures = testResults.flatMap((suite) => failuresOf(root, suite));
  if (!success && failures.length === 0) failures.push(`${project.name}: Jest failed, though no test did`);
  return { passed: numPassedTests, failures };
}

function failuresOf(root: string, { name, status, assertionResults, message }: Suite): string[] {
  const place = relative(root, name);
  // A skipped test is one that nobody will miss until it is too late.
  const bad = assertionResults.filter((test) => test.status !== 'passed');
  const told = bad.map((test) => `${place}: ${test.fullName}${test.status === 'failed' ? '' : ` (${test.status})`}`);
  if (status === 'failed' && told.length === 0) told.push(`${place}: ${message.split('\n')[0] || 'could not be run'}`);
  return told;
}
