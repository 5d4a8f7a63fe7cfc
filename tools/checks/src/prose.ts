import ts from 'typescript';
import type { SourceFile } from './source-files.js';

/**
 * The prose of a file, in blocks: a Markdown document without its code blocks, or the comments of a source file without
 * their marks. Comments that follow each other are one block.
 */
export function proseIn({ name, text }: SourceFile): string[] {
  if (name.endsWith('.md')) return [text.replace(/^ *```[\s\S]*?^ *```/gm, '\n\n')];
  if (/\.(ts|mjs)$/.test(name)) return commentsIn(name, text).map(withoutMarks);
  const comments = /\.(proto|go)$/.test(name) ? /(?:\/\/.*\n?[ \t]*)+|\/\*[\s\S]*?\*\//g : /(?:#.*\n?[ \t]*)+/g;
  return (text.match(comments) ?? []).map(withoutMarks);
}

/** Prose without inline code; each piece of code reads as one word. */
export const withoutCode = (prose: string): string => prose.replace(/`[^`]*`/g, 'code');

function commentsIn(name: string, text: string): string[] {
  const file = ts.createSourceFile(name, text, ts.ScriptTarget.Latest);
  const found = new Map<number, string>();
  const add = (ranges: readonly ts.CommentRange[] = []) => {
    const [first] = ranges;
    if (first !== undefined) found.set(first.pos, ranges.map(({ pos, end }) => text.slice(pos, end)).join('\n'));
  };
  const visit = (node: ts.Node): void => {
    add(ts.getLeadingCommentRanges(text, node.pos));
    add(ts.getTrailingCommentRanges(text, node.end));
    for (const child of node.getChildren(file)) visit(child);
  };
  visit(file);
  return [...found.values()];
}

const withoutMarks = (comment: string): string => comment.replace(/^\s*(?:\/\*\*?|\*\/|\*|\/\/|#)|\*\/$/gm, '');
