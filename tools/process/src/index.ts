export { endLeftover, removePidFile, writePidFile } from './pid-file.js';
export { endProcess } from './end-process.js';
export { alive, identify, ownIdentity, type ProcessIdentity } from './process-identity.js';
export { readyOrEnded } from './ready-or-ended.js';
export { type Child, type ChildSpec, startChild } from './start-child.js';
export { type Running, Supervised, type SupervisedOptions } from './supervised.js';
export { findOnPath } from './tied-to-parent.js';
export { waitUntil } from './wait-until.js';
export { writeFileAtomic } from './write-file-atomic.js';
