import { proseIn, withoutCode } from './prose.js';
import type { SourceFile } from './source-files.js';

/** The longest sentence of a text that a reader has to read once only. */
const maxWords = 25;

/** A paragraph, a list item, a heading, a cell of a table and a tag of a docstring each end a sentence. */
const unitEnds = /\n\s*\n|\n(?=\s*(?:[-*]|\d+\.) )|\n(?=#)|(?<=(?:^|\n)#[^\n]*)\n|\||@\w+/;
const sentenceEnds = /(?<=[.!?])[\s)*"]+(?=\S)/;

/** Returns `file: words: sentence` for each sentence of documents and comments that is too long. */
export const longSentencesIn = (file: SourceFile): string[] =>
  proseIn(file)
    .flatMap((block) => withoutCode(block).split(unitEnds))
    .flatMap((unit) => unit.split(sentenceEnds))
    .map((sentence) => ({ sentence, words: sentence.split(/\s+/).filter((word) => /[A-Za-z0-9]/.test(word)) }))
    .filter(({ words }) => words.length > maxWords)
    .map(({ sentence, words }) => `${file.name}: ${words.length} words: ${sentence.replace(/\s+/g, ' ').trim()}`);
