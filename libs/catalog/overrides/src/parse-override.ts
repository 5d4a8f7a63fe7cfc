import { invalidInput } from '@runos/kernel';
import { isMap } from '@runos/kube-objects';
import { parseDocuments } from '@runos/kube-objects/manifest';
import { isUtf8 } from 'node:buffer';
import { invalidOverride, type OverrideDocument } from './override.js';

/** The documents of a file as JSON may be this many times as long as the file: aliases repeat what they name. */
const maxExpansion = 4;

/**
 * The documents of a file; empty ones are left out.
 * @throws Fault `override.invalid` for a file that is no YAML, has no document, or one that is no map
 */
export function parseOverride(name: string, data: string): OverrideDocument[] {
  const bytes = Buffer.from(data, 'base64');
  const documents = documentsIn(name, bytes).filter((document) => document !== null);
  if (documents.length === 0) throw invalid(name, 'has no document');
  documents.forEach((document, index) => {
    if (isMap(document)) return;
    throw invalidOverride({ name, number: index + 1 }, '', 'is no map of fields');
  });
  const expanded = JSON.stringify(documents);
  const limit = maxExpansion * Math.max(bytes.length, 1_024);
  if (expanded.length > limit) {
    throw invalid(name, `has ${expanded.length} characters with its aliases; ${limit} are allowed`);
  }
  return JSON.parse(expanded) as OverrideDocument[]; // as it is stored: `.inf` and `.nan` are null
}

function documentsIn(name: string, bytes: Buffer): unknown[] {
  if (!isUtf8(bytes)) throw invalid(name, 'is no UTF-8 text');
  try {
    return parseDocuments(bytes.toString('utf8'));
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw invalid(name, `is no YAML: ${reason ?? ''}`);
  }
}

const invalid = (name: string, message: string) =>
  invalidInput('override.invalid', [{ path: 'data', message: `Override "${name}" ${message}` }]);
