import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { isSafePattern } from 'redos-detector';
import { type Pattern, patternsIn } from './patterns.js';
import { sourceFiles } from './source-files.js';

const root = resolve(import.meta.dirname, '../../..');

/**
 * Patterns that look at every place of a text once more: the square of its length at worst, which is bounded where
 * the text comes from. Each is tried below on a text of that length.
 */
const bounded: Readonly<Record<string, { readonly from: string; readonly longest: number }>> = {
  ':\\d+$': { from: 'the address of a peer, from the socket', longest: 64 },
  '\\{([A-Za-z0-9]+)\\}': { from: 'our own install command', longest: 4_096 },
  'namespaces? "[^"]*" not found': { from: 'an error of the Kubernetes API', longest: 8_192 },
  '([a-z0-9-]+)\\.([a-z0-9.-]*) has \\d+ resource instances': { from: 'a condition of a namespace', longest: 4_096 },
  '\\/+$': { from: 'the kubeconfig of whoever starts the agent', longest: 8_192 },
  'image catalog|invalid.*image|image.*(not found|invalid|pull)': { from: 'the phase of a Cluster', longest: 4_096 },
  '^([a-z0-9.-]+\\/)?v[a-z0-9]+$': { from: 'the apiVersion of an object', longest: 8_192 },
  '-----[^-]+-----|\\s': { from: 'a PEM file, whose senders are limited to 16 KiB', longest: 16_384 },
};

const safe = ({ source, flags }: Pattern): boolean =>
  isSafePattern(source, { caseInsensitive: flags.includes('i'), unicode: /[uv]/.test(flags), timeout: 10_000 }).safe;

/** The longest that one pattern takes on texts that nearly fit, ms. */
function worst({ source, flags }: Pattern, length: number): number {
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

describe('regular expressions of what we run', () => {
  const sources = sourceFiles(root).filter(({ name }) => /^(apps|libs)\//.test(name) && !name.endsWith('.spec.ts'));
  const patterns = sources.flatMap(patternsIn);

  it('are found in the syntax, and a trap among them is seen', () => {
    expect(patterns.length).toBeGreaterThan(50);
    const [trap] = patternsIn({ name: 'trap.ts', text: 'export const a = 1 / 2; const trap = /^(a+)+$/i; // /b/' });
    expect(trap).toEqual({ file: 'trap.ts', source: '^(a+)+$', flags: 'i' });
    expect(safe(trap as Pattern)).toBe(false);
  });

  it('hold no trap, whatever text they are given', () => {
    const suspects = patterns.filter((pattern) => !(pattern.source in bounded) && !safe(pattern));
    expect(suspects.map(({ file, source }) => `${file}: /${source}/`)).toEqual([]);
  }, 120_000);

  it('that take the square of a text take a second at most for the longest they are given', () => {
    for (const [source, { longest }] of Object.entries(bounded)) {
      const pattern = patterns.find((one) => one.source === source);
      expect([source, pattern?.source]).toEqual([source, source]);
      expect([source, worst(pattern as Pattern, longest) < 1_000]).toEqual([source, true]);
    }
  });
});
