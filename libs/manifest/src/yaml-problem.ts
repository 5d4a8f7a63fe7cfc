import { type Document, isAlias, isNode, isScalar, type LineCounter, type Pair, visit, type YAMLError } from 'yaml';

/** What is wrong with a text, and where in it. */
export interface YamlProblem {
  readonly message: string;
  /** Characters before the place. */
  readonly offset: number;
}

const nameOf = ({ key }: Pair): unknown => (isScalar(key) ? key.value : undefined);
const offsetOf = ({ key }: Pair): number | undefined => (isNode(key) ? key.range?.[0] : undefined);

/** An error of the parser; a key that is given twice is named, with the line of the first one. */
export function namedProblem({ code, message, pos }: YAMLError, document: Document, lines: LineCounter): YamlProblem {
  const problem = { message, offset: pos[0] };
  if (code !== 'DUPLICATE_KEY') return problem;
  let named: YamlProblem | undefined;
  visit(document, {
    Map(_, { items }) {
      const second = items.find((pair) => offsetOf(pair) === problem.offset);
      const first = second && items.find((pair) => nameOf(pair) === nameOf(second));
      const offset = first && offsetOf(first);
      if (second === undefined || offset === undefined) return undefined;
      const { line } = lines.linePos(offset);
      named = { ...problem, message: `it has the key ${String(nameOf(second))} twice, first in line ${line}` };
      return visit.BREAK;
    },
  });
  return named ?? problem;
}

/** The first alias whose anchor is not set before it. */
export function unknownAlias(document: Document): YamlProblem | undefined {
  const anchors = new Set<string>();
  let found: YamlProblem | undefined;
  visit(document, {
    Node(_, node) {
      if (isAlias(node) && !anchors.has(node.source)) {
        const message = `it has the alias *${node.source}, but no value before it has the anchor &${node.source}`;
        found = { message, offset: node.range?.[0] ?? 0 };
        return visit.BREAK;
      }
      if ('anchor' in node && node.anchor !== undefined) anchors.add(node.anchor);
      return undefined;
    },
  });
  return found;
}
