import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { decisionsIn, problemsOf } from './decisions.js';
import { filesIn } from './source-files.js';

const entry = (title: string, context = 'A a a.', consequences = 'C c c.') =>
  `## ${title}\n\n**Context**: ${context}\n\n**Decision**: B b b.\n\n**Consequences**: ${consequences}\n\n`;

const problemsIn = (document: string) => {
  const decisions = decisionsIn(document);
  return decisions.flatMap((decision) => problemsOf(decision, decisions));
};

describe('an entry', () => {
  it('has a date, a status and three parts', () => {
    expect(problemsIn(`# Decisions\n\n${entry('2026-01-01 · A · in force')}`)).toEqual([]);
    expect(problemsIn(entry('January · A · in force'))).toEqual([
      expect.stringContaining('January · A · in force: is not'),
    ]);
    const incomplete = entry('2026-01-01 · A · in force').replace('**Decision**: ', '');
    expect(problemsIn(incomplete)).toEqual([expect.stringContaining('its parts are not Context, Decision')]);
  });

  it('has no empty part', () => {
    const title = '2026-01-01 · A · in force';
    expect(problemsIn(entry(title, ''))).toEqual([`${title}: Context is empty`]);
    expect(problemsIn(entry(title, 'A a a.', '\n# Glossary\n\nOne two three.'))).toEqual([
      `${title}: Consequences is empty`,
    ]);
  });

  it('is replaced by a decision that exists and is not older', () => {
    const replaced = entry('2026-01-02 · A · replaced by B');
    const missing = [expect.stringContaining('no later decision has the subject "B"')];
    expect(problemsIn(entry('2026-01-02 · B · in force') + replaced)).toEqual([]);
    expect(problemsIn(replaced)).toEqual(missing);
    expect(problemsIn(replaced + entry('2026-01-01 · B · in force'))).toEqual(missing);
    const nothing = problemsIn(entry('2026-01-02 · A · replaced by nothing'));
    expect(nothing).toEqual([expect.stringContaining('"nothing"')]);
  });
});

describe('the decisions of this repository', () => {
  const documents = filesIn(resolve(import.meta.dirname, '../../..'), ['.'], /(^|\/)DECISIONS\.md$/);
  const all = documents.flatMap(({ text }) => decisionsIn(text));
  const readme = filesIn(resolve(import.meta.dirname, '../../..'), ['README.md'], /README/)[0]?.text ?? '';

  it.each(documents.map(({ name, text }) => [name, text]))(
    '%s is complete, newest first, and in the README',
    (name, text) => {
      const decisions = decisionsIn(text);
      expect(decisions.flatMap((decision) => problemsOf(decision, all))).toEqual([]);
      const dates = decisions.map(({ date }) => date);
      expect(dates).toEqual([...dates].sort().reverse());
      expect(readme).toContain(`\`${name}\``);
    },
  );
});
