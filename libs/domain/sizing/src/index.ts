export {
  ClassId,
  type ClassParts,
  custom,
  type SizeId,
  sizeIds,
  type StorageKind,
  type Tier,
  type TierId,
  tierIds,
  tiers,
} from './class-id.js';
export { type NumberName, numberNames, numberRanges, rangeIssues, type SizeIssue } from './number-rules.js';
export { resolveSize, type Size, type SizeResult, type SizeContext, type SizeRequest } from './resolve-size.js';
export {
  classesOf,
  defaultClassId,
  findClass,
  resourceNumberNames,
  type ResourceNumbers,
  type ServiceSizing,
  sizeNumbers,
  type SizeClass,
  type SizeNumbers,
} from './service-sizing.js';
