import { nestedValue, nestingError, parseNested } from '@runos/kernel';
import { type Document, isCollection, isMap, isScalar, LineCounter, type Node, parseAllDocuments } from 'yaml';
import { type FileIssue, manifestFault } from './manifest-fault.js';
import { namedProblem, unknownAlias } from './yaml-problem.js';

/** A file holds one app or service; a longer one is no such file. */
const maxBytes = 1_048_576;
/** An alias repeats what it names; more repetitions than this are no configuration. */
const maxAliasCount = 100;

export type FieldPath = readonly PropertyKey[];

function attempt<T>(work: () => T, onError: (error: unknown) => never): T {
  try {
    return work();
  } catch (error) {
    return onError(error);
  }
}

/** The text of a file as YAML, with the place of each field. */
export class YamlSource {
  private constructor(
    private readonly document: Document.Parsed,
    private readonly lines: LineCounter,
    /** The content as JSON values. Merge keys and aliases are resolved. */
    readonly value: unknown,
  ) {}

  /**
   * @param fileName for the message
   * @throws Fault `manifest.invalid` for a text that is longer than 1 MiB, no YAML, more than one document, or nests too
   * deep, with line and column
   */
  static parse(fileName: string, text: string): YamlSource {
    const refuse = (message: string, { line, col } = { line: 1, col: 1 }): never => {
      throw manifestFault(fileName, [{ path: '', message, line, column: col }]);
    };
    const length = Buffer.byteLength(text);
    if (length > maxBytes) return refuse(`has ${length} bytes; ${maxBytes} are allowed`);
    const lines = new LineCounter();
    const options = {
      schema: 'core',
      merge: true,
      resolveKnownTags: false,
      stringKeys: true,
      uniqueKeys: true,
    } as const;
    const noYaml = (error: unknown) => refuse(`is no YAML: ${error instanceof Error ? error.message : String(error)}`);
    const parsed = () => [...parseAllDocuments(text, { ...options, lineCounter: lines, prettyErrors: false })];
    const documents = attempt(() => parseNested(parsed), noYaml);
    for (const parsedDocument of documents) {
      const [problem] = [...parsedDocument.errors, ...parsedDocument.warnings];
      if (problem === undefined) continue;
      const nesting = nestingError(problem);
      if (nesting !== problem) return noYaml(nesting);
      const { message, offset } = namedProblem(problem, parsedDocument, lines);
      return refuse(`is no YAML: ${message}`, lines.linePos(offset));
    }
    const [document, second] = documents;
    if (document === undefined) return refuse('is empty');
    if (second !== undefined) return refuse('has a second document', lines.linePos(second.range[0]));
    const alias = unknownAlias(document);
    if (alias !== undefined) return refuse(`is no YAML: ${alias.message}`, lines.linePos(alias.offset));
    const value = attempt(() => nestedValue((): unknown => document.toJS({ maxAliasCount })), noYaml);
    return new YamlSource(document, lines, value);
  }

  /** Whether the content has a value at a path. */
  has(path: FieldPath): boolean {
    const valueAt = (value: unknown, part: PropertyKey): unknown =>
      (value as Record<PropertyKey, unknown> | undefined)?.[part];
    return path.reduce(valueAt, this.value) !== undefined;
  }

  /** The place of a field, or of the innermost one around it that the text has. With `ofKey`, the place of its key. */
  placeOf(path: FieldPath, ofKey = false): Pick<FileIssue, 'line' | 'column'> {
    const offset = this.#offsetOf(path, ofKey);
    const { line, col } = this.lines.linePos(offset);
    return { line, column: col };
  }

  #offsetOf(path: FieldPath, ofKey: boolean): number {
    let node: Node | null = this.document.contents;
    let offset = node?.range?.[0] ?? 0;
    for (const [index, part] of path.entries()) {
      if (!isCollection(node)) return offset;
      const key = isMap(node) ? keyOf(node.items, String(part)) : undefined;
      const child = node.get(part, true) as Node | undefined;
      if (child === undefined && key === undefined) return offset;
      const isLast = index === path.length - 1;
      offset = (isLast && ofKey ? key : undefined)?.range?.[0] ?? child?.range?.[0] ?? key?.range?.[0] ?? offset;
      node = child ?? null;
    }
    return offset;
  }
}

const keyOf = (items: readonly { readonly key: unknown }[], name: string): Node | undefined =>
  items.map(({ key }) => key).find((key): key is Node & { value: unknown } => isScalar(key) && key.value === name);
