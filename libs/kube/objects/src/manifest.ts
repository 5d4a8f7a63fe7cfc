export { parseDocuments } from './parse-documents.js';
export { parseManifest } from './parse-manifest.js';
