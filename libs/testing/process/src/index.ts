export { endPreviousProcess, removePidFile, writeFileAtomic, writePidFile } from './pid-file.js';
export {
  cpuMs,
  identify,
  isRunning,
  ownIdentity,
  type ProcessIdentity,
  residentMb,
  stopProcess,
} from './process-identity.js';
export { portIsFree } from './port-is-free.js';
export { type Child, type ChildSpec, findOnPath, logLimitBytes, startChild, waitUntilReady } from './start-child.js';
export { type Running, Supervised, type SupervisedOptions } from './supervised.js';
export { waitUntil } from './wait-until.js';
