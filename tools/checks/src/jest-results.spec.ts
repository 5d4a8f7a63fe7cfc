import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { deleteResults, readResults } from './jest-results.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'runos-jest-results-'));
  mkdirSync(join(root, 'libs/osid'), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

const project = { name: 'osid', folder: 'libs/osid', manifest: { name: '@runos/osid' } };
const suite = (status: string, tests: Record<string, string>, message = '') => ({
  name: join(root, 'libs/osid/src/osid.spec.ts'),
  status,
  message,
  assertionResults: Object.entries(tests).map(([fullName, state]) => ({ fullName, status: state })),
});
const write = (report: object) => writeFileSync(join(root, 'libs/osid/.test-results.json'), JSON.stringify(report));
const failuresFor = (testResults: object[], success = false) => {
  write({ success, numPassedTests: 2, testResults });
  return readResults(root, project, 'test').failures;
};

describe('readResults', () => {
  it('counts passed tests', () => {
    write({ success: true, numPassedTests: 2, testResults: [suite('passed', { a: 'passed', b: 'passed' })] });
    expect(readResults(root, project, 'test')).toEqual({ passed: 2, skipped: [], failures: [] });
  });

  it('names failed and skipped tests, suites that cannot run, and a Jest that fails for another reason', () => {
    expect(failuresFor([suite('failed', { a: 'failed', b: 'passed' })])).toEqual(['libs/osid/src/osid.spec.ts: a']);
    expect(failuresFor([suite('passed', { a: 'pending' })], true)).toEqual(['libs/osid/src/osid.spec.ts: a (pending)']);
    expect(failuresFor([suite('failed', {}, 'SyntaxError: x\n  at y')])).toEqual([
      'libs/osid/src/osid.spec.ts: SyntaxError: x',
    ]);
    expect(failuresFor([])).toEqual(['osid: Jest failed, though no test did']);
  });

  it('names skipped tests whose suite states why, and does not count them as failed', () => {
    const named = 'real nodes (skipped: real nodes need root) run a pod';
    write({ success: true, numPassedTests: 0, testResults: [suite('passed', { [named]: 'pending' })] });
    expect(readResults(root, project, 'test')).toEqual({ passed: 0, skipped: [named], failures: [] });
  });

  it('counts a project without results as failed, and ignores results of an earlier run', () => {
    write({ success: true, numPassedTests: 2, testResults: [] });
    deleteResults(root, [project], 'test');
    expect(readResults(root, project, 'test')).toEqual({
      passed: 0,
      skipped: [],
      failures: ['osid: its tests did not run'],
    });
  });
});
