import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { allowedIdentifiers, retiredTerms } from './retired-terms.js';
import { retiredProseIn, retiredWordsIn } from './retired-words.js';
import { filesIn, sourceFiles } from './source-files.js';

describe('retired words', () => {
  it('are found in file names, identifiers, strings that are one name, and columns, as whole words', () => {
    const text = `
      // tell
      class JobLane { #toldBy = { 'hear-it': "tell" }; }
      const asked2 = cancel(planet, mask);
      const c = { reason: 'AsWanted', type: 'door.opened', text: 'good news', code: 'they say so' };
      if (c.state === 'on-fire') cancel();
      const sql = \`SELECT leave_ms, 'news' FROM t -- wish\`;`;
    expect(retiredWordsIn({ name: 'apps/x/poke.ts', text })).toEqual([
      'apps/x/poke.ts: apps/x/poke.ts -> use wakeup',
      'apps/x/poke.ts: JobLane -> use cluster queue',
      'apps/x/poke.ts: #toldBy -> use publish, report or log',
      'apps/x/poke.ts: hear-it -> use subscribe, receive or handle',
      'apps/x/poke.ts: tell -> use publish, report or log',
      'apps/x/poke.ts: asked2 -> use request, query or call',
      'apps/x/poke.ts: AsWanted -> use desired, expected or requested',
      'apps/x/poke.ts: door.opened -> use endpoint or port',
      'apps/x/poke.ts: on-fire -> use resilience, load or chaos test',
      'apps/x/poke.ts: leave_ms -> use absence budget, or the end of the term',
    ]);
  });

  it('are found in keys and one-word values of YAML and JSON', () => {
    const text = 'groups:\n  - alert: AgentHeard # a wish\n    expr: told > 0\n    "lane": 1, "a": "door"';
    expect(retiredWordsIn({ name: 'deploy/x.yaml', text })).toEqual([
      'deploy/x.yaml: AgentHeard -> use subscribe, receive or handle',
      'deploy/x.yaml: lane -> use cluster queue',
      'deploy/x.yaml: door -> use endpoint or port',
    ]);
  });

  it.each([
    ['SQL after an expression', 'const s = sql`SELECT ${a}, t.lane FROM ${t}`;', 'lane'],
    ['camelCase aliases', 'const s = `SELECT ms AS "leaveMs" FROM t`;', 'leaveMs'],
    ['names with a slash', "get('/:aid/lanes');", '/:aid/lanes'],
    ['names with a colon', "const key = 'job:lane';", 'job:lane'],
    ['templates that are one name', 'const key = `lane/${id}`;', 'lane/{}'],
    ['the form of a verb on -s', 'const waves = pokes;', 'pokes'],
    ['the form of a verb on -ed', 'const enrolled = 1;', 'enrolled'],
    ['the form of a verb on -ing', 'const leaving = 1;', 'leaving'],
  ])('are found in %s', (_, text, found) => {
    const use = retiredWordsIn({ name: 'a.ts', text }).map((line) => line.replace(/ -> .*/, ''));
    expect(use).toEqual([`a.ts: ${found}`]);
  });

  it('are found in the names of .proto and .go files, not in their comments and strings', () => {
    const text = 'message Wish { // poke\n  string lane_id = 1; /* hear */ import "door.proto";\n}';
    expect(retiredWordsIn({ name: 'a.proto', text })).toEqual([
      'a.proto: Wish -> use request or desired',
      'a.proto: lane_id -> use cluster queue',
    ]);
    expect(retiredWordsIn({ name: 'a.go', text: 'func poke() { log("tell") }' })).toHaveLength(1);
  });

  it('are found in comments, Markdown and sentences outside of code, if prose has a better term', () => {
    const text =
      '// Whoever calls\nconst a = 1; // as `whoever` is a Stranger\n/** culprits */ f("whoever", `stranger`);';
    expect(retiredProseIn({ name: 'a.ts', text }).map((line) => line.replace(/ -> .*/, ''))).toEqual([
      'a.ts: Whoever',
      'a.ts: Stranger',
      'a.ts: culprits',
    ]);
    const markdown = 'A stranger `whoever`\n```sh\nculprit\n```\n';
    expect(retiredProseIn({ name: 'a.md', text: markdown })).toHaveLength(1);
    const texts = "it('asks a user', f); g('a', 'nobody', `neither \"root\" nor \"nobody\" in ${'theirs'} file`);";
    expect(retiredProseIn({ name: 'a.ts', text: texts })).toEqual(['a.ts: asks -> use request, query or call']);
    expect(retiredProseIn({ name: 'a.proto', text: '// whoever\nmessage A {}' })).toHaveLength(1);
    expect(retiredProseIn({ name: 'a.yaml', text: 'a: 1 # whoever' })).toHaveLength(1);
  });

  it('are each listed once, and allowed only in identifiers that contain one', () => {
    const words = retiredTerms.flatMap((group) => group.words);
    expect(words.filter((word, index) => words.indexOf(word) !== index)).toEqual([]);
    const needless = [...allowedIdentifiers].filter((name) => !words.some((word) => name.toLowerCase().includes(word)));
    expect(needless).toEqual([]);
  });

  it('do not occur in this repository', () => {
    const root = resolve(import.meta.dirname, '../../..');
    const own = /^tools\/checks\/src\/retired-/;
    const code = [
      ...sourceFiles(root),
      ...filesIn(root, ['deploy', 'apps', 'libs', 'tools'], /(?<!contracts\.snapshot)\.(ya?ml|json)$/),
      ...filesIn(root, ['apps', 'libs', 'tools'], /\.(proto|go)$/),
    ].filter(({ name }) => !own.test(name));
    const documents = filesIn(root, ['.'], /\.md$/);
    expect([...code.flatMap(retiredWordsIn), ...[...code, ...documents].flatMap(retiredProseIn)]).toEqual([]);
  });
});
