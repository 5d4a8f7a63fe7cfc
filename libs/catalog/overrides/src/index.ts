export { applyOverrides } from './apply-overrides.js';
export { type ContentsPolicy, contentsPolicyFile } from './contents-policy.js';
export type { Rendered } from './find-target.js';
export { hasMergeRules, type Override, type Overrides, overridesOf } from './override.js';
export { parseOverride } from './parse-override.js';
export { refuseForbidden } from './refuse-forbidden.js';
export { replicaFields } from './replica-bounds.js';
