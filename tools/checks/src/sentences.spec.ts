import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { longSentencesIn } from './sentences.js';
import { filesIn, sourceFiles } from './source-files.js';

const words = (count: number) => Array.from({ length: count }, (_, index) => `w${index}`).join(' ');
const countsIn = (name: string, text: string) =>
  longSentencesIn({ name, text }).map((line) => Number(/: (\d+) words/.exec(line)?.[1]));

describe('a sentence', () => {
  it('of a document has at most 25 words between full stops', () => {
    expect(countsIn('a.md', `${words(25)}. ${words(25)}`)).toEqual([]);
    expect(countsIn('a.md', `${words(3)}. ${words(26)}: ${words(2)}.`)).toEqual([28]);
  });

  it('ends with a paragraph, a list item, a heading and a cell', () => {
    expect(countsIn('a.md', `# ${words(20)}\n${words(20)}\n\n${words(20)}\n- ${words(20)}\n2. ${words(20)}`)).toEqual(
      [],
    );
    expect(countsIn('a.md', `| ${words(20)} | ${words(20)} |\n| ${words(26)} |`)).toEqual([26]);
  });

  it('counts inline code as one word, and leaves code blocks out', () => {
    expect(countsIn('a.md', `\`${words(9)}\` ${words(24)}\n\n\`\`\`sh\n${words(40)}\n\`\`\`\n`)).toEqual([]);
  });

  it('of a comment has the same limit, also over several lines', () => {
    const line = `// ${words(13)}\n`;
    expect(countsIn('a.ts', `${line}${line}const a = '${words(30)}'; // ${words(4)}\n${line}`)).toEqual([26]);
    expect(countsIn('a.ts', `/** ${words(20)}\n * ${words(6)}. @throws ${words(20)} */ f();`)).toEqual([26]);
    expect(countsIn('a.ts', `function f() {\n  a();\n  // ${words(27)}\n}`)).toEqual([27]);
    expect(countsIn('a.proto', `${line}${line}message A {}`)).toEqual([26]);
    expect(countsIn('a.yaml', `a: 1\n# ${words(13)}\n# ${words(13)}\n`)).toEqual([26]);
  });
});

it('no sentence of this repository is longer', () => {
  const root = resolve(import.meta.dirname, '../../..');
  const others = filesIn(root, ['.'], /\.(md|proto|go|ya?ml)$/);
  expect([...others, ...sourceFiles(root)].flatMap(longSentencesIn)).toEqual([]);
});
