export { type ArchiveSpec, buildArchive, type Layer, type Owner } from './archive/build-archive.js';
export { type ImageConfig } from './archive/image-documents.js';
