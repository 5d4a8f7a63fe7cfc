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
  /** Skipped tests whose names contain the reason. */
  readonly skipped: readonly string[];
  readonly failures: readonly string[];
}

/** The targets that run tests. */
export type TestTarget = 'test' | 'e2e';

const fileOf = (root: string, { folder }: Project, target: TestTarget) => join(root, folder, `.${target}-results.json`);

/** Deletes the results of earlier runs; Nx restores those that its cache holds. */
export function deleteResults(root: string, projects: readonly Project[], target: TestTarget): void {
  for (const project of projects) rmSync(fileOf(root, project, target), { force: true });
}

/** The number of passed tests and the names of the failed ones, from the report of Jest, new or cached. */
export function readResults(root: string, project: Project, target: TestTarget): Results {
  const file = fileOf(root, project, target);
  if (!existsSync(file)) return { passed: 0, skipped: [], failures: [`${project.name}: its tests did not run`] };
  const { success, numPassedTests, testResults } = readJson<JestReport>(file);
  const failures = testResults.flatMap((suite) => failuresOf(root, suite));
  if (!success && failures.length === 0) failures.push(`${project.name}: Jest failed, though no test did`);
  const skipped = testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(isSkippedWithReason).map(({ fullName }) => fullName),
  );
  return { passed: numPassedTests, skipped, failures };
}

/** `(skipped: real nodes need root)` in the name of a suite: what this machine cannot do is named, never hidden. */
const isSkippedWithReason = ({ status, fullName }: Suite['assertionResults'][number]): boolean =>
  status === 'pending' && /\(skipped: [^)]+\)/.test(fullName);

function failuresOf(root: string, { name, status, assertionResults, message }: Suite): string[] {
  const place = relative(root, name);
  // A skipped test without a reason counts as a failure, because it would stay skipped unnoticed.
  const bad = assertionResults.filter((test) => test.status !== 'passed' && !isSkippedWithReason(test));
  const failures = bad.map(
    (test) => `${place}: ${test.fullName}${test.status === 'failed' ? '' : ` (${test.status})`}`,
  );
  if (status === 'failed' && failures.length === 0)
    failures.push(`${place}: ${message.split('\n')[0] || 'could not be run'}`);
  return failures;
}
