import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { projectsIn, readJson } from './projects.js';
import { sourceFiles } from './source-files.js';

const root = resolve(import.meta.dirname, '../../..');
const documents = execFileSync('git', ['ls-files', '-z', '*.md'], { cwd: root, encoding: 'utf8' })
  .split('\0')
  .filter((name) => name !== '' && existsSync(join(root, name)));
const sources = sourceFiles(root).map(({ name }) => name);
const textOf = (name: string) => readFileSync(join(root, name), 'utf8');
const matches = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, ...groups]) => groups);

/** Text in backticks that reads like a path of this repository; `<x>` and `*` are placeholders. */
const pathsIn = (text: string) =>
  matches(text, /`((?:apps|libs|tools|deploy|\.ci)\/[\w./@-]*[\w@-])\/?`/g).map(([path = '']) => path);
/** Names of source files without a folder, as decisions beside the code use them. */
const filesIn = (text: string) => matches(text, /`([a-z][\w-]*(?:\.[a-z]+)*\.ts)`/g).map(([file = '']) => file);
const linksIn = (text: string) =>
  matches(text, /\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)/g).map(([target = '']) => target);
const scriptsIn = (text: string) =>
  matches(text, /\bnpm (?:run (?:-s )?([a-z][\w:-]*)|(start|test)\b)/g).map(([script, short = '']) => script ?? short);

describe.each(documents)('%s', (name) => {
  const text = textOf(name);

  it('names only paths that exist', () => {
    const folder = join(root, dirname(name));
    const isSource = (file: string) => sources.some((path) => path.endsWith(`/${file}`));
    expect(filesIn(text).filter((file) => !isSource(file))).toEqual([]);
    expect(pathsIn(text).filter((path) => !existsSync(join(root, path)))).toEqual([]);
    expect(linksIn(text).filter((target) => !existsSync(join(folder, target)))).toEqual([]);
  });

  it('names only commands that exist', () => {
    const { scripts } = readJson<{ scripts: Record<string, string> }>(root, 'package.json');
    expect(scriptsIn(text).filter((script) => !(script in scripts))).toEqual([]);
  });
});

/** The longest part of a quoted message without names, ids and numbers, which vary. */
const fixedPartOf = (message: string): string =>
  message
    .split(/\S*(?:\d|[a-z][A-Z])\S*|[()]/)
    .map((part) => part.trim())
    .reduce((longest, part) => (part.length > longest.length ? part : longest), '');

it('the README quotes log lines of jobs as the code writes them', () => {
  const quoted = matches(textOf('README.md'), /^"message":"(.*)"$/gm).map(([message = '']) => fixedPartOf(message));
  const sentences = quoted.filter((part) => part.split(' ').length > 2);
  expect(sentences).not.toEqual([]);
  const isWritten = (sentence: string) => sourceFiles(root).some(({ text }) => text.includes(sentence));
  expect(sentences.filter((sentence) => !isWritten(sentence))).toEqual([]);
});

it('the README and CI install the same packages', () => {
  const [[named = ''] = []] = matches(textOf('README.md'), /^apt-get install ([\w. -]{1,500})$/gm);
  const [[installed = ''] = []] = matches(textOf('.ci/run'), /^packages=\(([\w.\s-]{1,500})\)$/gm);
  expect(named).not.toBe('');
  expect(installed.split(/\s{1,9}/)).toEqual(named.split(' '));
});

it('the README lists the services with a schema', () => {
  const [[list = ''] = []] = matches(textOf('README.md'), /services have a schema: ([^.]*)\./g);
  const withSchema = projectsIn(root).filter(({ folder }) => sources.includes(`${folder}/src/migrate.ts`));
  expect(list.split(/, | and /).sort()).toEqual(withSchema.map(({ folder }) => basename(folder)).sort());
});
