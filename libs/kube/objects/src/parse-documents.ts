import { nestedValue, parseNested } from '@runos/kernel';
import { parseAllDocuments } from 'yaml';

/** An alias repeats what it names; more repetitions than this are no configuration. */
const maxAliasCount = 100;

/**
 * The values of the documents of a YAML text from outside. Tags that make other values than JSON are refused, and keys
 * are texts.
 * @throws Error with the place where the text is no YAML, and for one that nests too deep
 */
export function parseDocuments(text: string): unknown[] {
  // Tags beyond the schema, such as !!binary, are warnings then.
  const options = { schema: 'core', resolveKnownTags: false, stringKeys: true, uniqueKeys: true } as const;
  return parseNested(() =>
    [...parseAllDocuments(text, options)].map((document) => {
      const [problem] = [...document.errors, ...document.warnings];
      if (problem !== undefined) throw problem;
      return nestedValue((): unknown => document.toJS({ maxAliasCount }));
    }),
  );
}
