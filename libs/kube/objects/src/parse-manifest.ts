import { type Document, parseAllDocuments } from 'yaml';
import type { KubeObject } from './kube-object.js';

/** The objects of a manifest: YAML with a document per object. @throws YAMLParseError where it is no YAML */
export const parseManifest = (text: string): KubeObject[] => [...parseAllDocuments(text)].flatMap(objectOf);

function objectOf(document: Document): KubeObject | [] {
  const [error] = document.errors;
  if (error !== undefined) throw error;
  return (document.toJS() as KubeObject | null) ?? [];
}
