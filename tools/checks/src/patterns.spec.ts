import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { isSafePattern } from 'redos-detector';
import { type Pattern, patternsIn } from './patterns.js';
import { sourceFiles } from './source-files.js';

const root = resolve(import.meta.dirname, '../../..');

/**
 * Patterns with quadratic running time, for texts whose source bounds their length. A test below measures each on a
 * text of that length.
 */
const bounded: Readonly<Record<string, { readonly from: string; readonly longest: number }>> = {
  ':\\d+$': { from: 'the address of a peer, from the socket', longest: 64 },
  '\\{([A-Za-z0-9]+)\\}': { from: 'our own install command', longest: 4_096 },
  'namespaces? "[^"]*" not found': { from: 'an error of the Kubernetes API', longest: 8_192 },
  '([a-z0-9-]+)\\.([a-z0-9.-]*) has \\d+ resource instances': { from: 'a condition of a namespace', longest: 4_096 },
  '\\/+$': { from: 'the kubeconfig of the agent', longest: 8_192 },
  '^([a-z0-9.-]+\\/)?v[a-z0-9]+$': { from: 'the apiVersion of an object', longest: 8_192 },
  '-----[^-]+-----|\\s': { from: 'a PEM file, whose senders are limited to 16 KiB', longest: 16_384 },
};

/** The detector stops after a number of steps, not after a time, so that a busy machine finds the same. */
const isSafe = ({ source, flags }: Pattern): boolean =>
  isSafePattern(source, { caseInsensitive: flags.includes('i'), unicode: /[uv]/.test(flags) }).safe;

/** Quadratic ones need less than a second, others hours. */
const deadlineMs = 60_000;

/** The longest running time of a pattern on texts that nearly match, ms. */
function worstCaseMs({ source, flags }: Pattern, length: number): number {
  const attacks = [
    '0',
    ':',
    '/',
    '{',
    'a',
    'v',
    'v.',
    'a-',
    'a.',
    '-',
    '-----',
    'image',
    'invalid',
    'namespace "',
    ' ',
  ];
  const times = attacks.map((part) => {
    const text = `${part.repeat(Math.ceil(length / part.length)).slice(0, length)}\u0000`;
    const started = performance.now();
    text.replaceAll(new RegExp(source, flags.includes('g') ? flags : `${flags}g`), '');
    return performance.now() - started;
  });
  return Math.max(...times);
}

describe('regular expressions in production code', () => {
  const sources = sourceFiles(root).filter(({ name }) => /^(apps|libs)\//.test(name) && !name.endsWith('.spec.ts'));
  const patterns = sources.flatMap(patternsIn);

  it('are found in the syntax tree, and an unsafe one is recognized', () => {
    expect(patterns.length).toBeGreaterThan(50);
    const [unsafe] = patternsIn({
      name: 'unsafe.ts',
      text: 'export const a = 1 / 2; const unsafe = /^(a+)+$/i; // /b/',
    });
    expect(unsafe).toEqual({ file: 'unsafe.ts', source: '^(a+)+$', flags: 'i' });
    expect(isSafe(unsafe as Pattern)).toBe(false);
  });

  it('are safe for every text', () => {
    const suspects = patterns.filter((pattern) => !(pattern.source in bounded) && !isSafe(pattern));
    expect(suspects.map(({ file, source }) => `${file}: /${source}/`)).toEqual([]);
  }, 300_000);

  it('with quadratic running time end on the longest text, also on a busy machine', () => {
    for (const [source, { longest }] of Object.entries(bounded)) {
      const pattern = patterns.find((one) => one.source === source);
      expect([source, pattern?.source]).toEqual([source, source]);
      expect([source, worstCaseMs(pattern as Pattern, longest) < deadlineMs]).toEqual([source, true]);
    }
  });
});
