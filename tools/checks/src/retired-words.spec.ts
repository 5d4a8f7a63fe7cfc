import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { allowedIdentifiers, retiredWords, retiredWordsIn } from './retired-words.js';
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
      'apps/x/poke.ts: leave_ms -> use absence budget',
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

  it('are each listed once, and allowed only in identifiers that contain one', () => {
    const words = retiredWords.flatMap((group) => group.words);
    expect(words.filter((word, index) => words.indexOf(word) !== index)).toEqual([]);
    const needless = [...allowedIdentifiers].filter((name) => !words.some((word) => name.toLowerCase().includes(word)));
    expect(needless).toEqual([]);
  });

  it('do not occur in this repository', () => {
    const root = resolve(import.meta.dirname, '../../..');
    const names = new Set(['retired-words.ts', 'retired-words.spec.ts'].map((name) => `tools/checks/src/${name}`));
    expect(
      [...sourceFiles(root), ...filesIn(root, ['deploy'], /\.(ya?ml|json)$/)]
        .filter(({ name }) => !names.has(name))
        .flatMap(retiredWordsIn),
    ).toEqual([]);
  });
});
