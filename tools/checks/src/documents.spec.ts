import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readJson } from './projects.js';

const root = resolve(import.meta.dirname, '../../..');
const documents = execFileSync('git', ['ls-files', '-z', '*.md'], { cwd: root, encoding: 'utf8' })
  .split('\0')
  .filter((name) => name !== '' && existsSync(join(root, name)));
const textOf = (name: string) => readFileSync(join(root, name), 'utf8');

/** Text in backticks that reads like a path of this repository; `<x>` and `*` stand for many. */
const paths = (text: string) =>
  [...text.matchAll(/`((?:apps|libs|tools|deploy|\.ci)\/[\w./@-]*[\w@-])\/?`/g)].map(([, path]) => path);
const links = (text: string) =>
  [...text.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, target]) => target);
const scriptsOf = (text: string) =>
  [...text.matchAll(/\bnpm (?:run (?:-s )?([a-z][\w:-]*)|(start|test)\b)/g)].map(
    ([, script, short]) => script ?? short,
  );

describe.each(documents)('%s', (name) => {
  const text = textOf(name);

  it('names only paths that exist', () => {
    const folder = join(root, dirname(name));
    expect(paths(text).filter((path) => !existsSync(join(root, path)))).toEqual([]);
    expect(links(text).filter((target) => !existsSync(join(folder, target)))).toEqual([]);
  });

  it('names only commands that exist', () => {
    const { scripts } = readJson<{ scripts: Record<string, string> }>(root, 'package.json');
    expect(scriptsOf(text).filter((script) => !(script in scripts))).toEqual([]);
  });
});

describe('decisions', () => {
  it('are dated and say whether they still hold', () => {
    const wrong = documents
      .filter((name) => name.endsWith('DECISIONS.md'))
      .flatMap((name) => textOf(name).match(/^## .*$/gm) ?? [])
      .filter((title) => !/^## \d{4}-\d{2}-\d{2} · .+ · (in force|replaced by .+)$/.test(title));
    expect(wrong).toEqual([]);
  });
});
