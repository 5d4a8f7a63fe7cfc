import { stripVTControlCharacters } from 'node:util';
import { eastAsianWidth } from 'get-east-asian-width';

const segmenter = new Intl.Segmenter();
const isAscii = (text: string): boolean => /^[\x20-\x7e]*$/.test(text);

/** The characters as a reader counts them. */
export const graphemes = (text: string): string[] => Array.from(segmenter.segment(text), ({ segment }) => segment);

/** How many columns of a terminal a text takes. Colours take none. */
export function textWidth(text: string): number {
  if (isAscii(text)) return text.length;
  const plain = stripVTControlCharacters(text);
  return isAscii(plain) ? plain.length : graphemes(plain).reduce((sum, one) => sum + graphemeWidth(one), 0);
}

function graphemeWidth(text: string): number {
  if (/^[\p{Cc}\p{Cf}\p{M}]+$/u.test(text)) return 0;
  if (/^\p{Emoji_Presentation}/u.test(text) || text.includes('\ufe0f')) return 2;
  return eastAsianWidth(text.codePointAt(0) ?? 0);
}
