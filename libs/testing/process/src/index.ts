export { endPreviousProcess, removePidFile, writePidFile } from './pid-file.js';
export { identify, isRunning, ownIdentity, type ProcessIdentity, residentMb, stopProcess } from './process-identity.js';
export { portIsFree } from './port-is-free.js';
export { type Child, type ChildSpec, startChild, waitUntilReady } from './start-child.js';
export { type Running, Supervised, type SupervisedOptions } from './supervised.js';
export { findOnPath } from './end-with-parent.js';
export { waitUntil } from './wait-until.js';
export { writeFileAtomic } from './write-file-atomic.js';
