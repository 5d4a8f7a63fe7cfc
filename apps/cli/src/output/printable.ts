import { stripVTControlCharacters } from 'node:util';

const isControl = (character: string): boolean => {
  const code = character.codePointAt(0) ?? 0;
  return (code < 0x20 && character !== '\t' && character !== '\n') || (code >= 0x7f && code < 0xa0);
};

/** Text of others without what would control the terminal of its reader. */
export const printable = (text: string): string =>
  [...stripVTControlCharacters(text)].filter((character) => !isControl(character)).join('');
