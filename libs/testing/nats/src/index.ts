export { type NatsUser } from './accounts.js';
export { contractsOf, withPermissionsOf } from './mixed-versions.js';
export { type PermissionProbe, permissionProbes } from './permission-probes.js';
export { type NatsLogIn, refusedProbes } from './refused-probes.js';
export { planeUsers, streamsAdministrator } from './server-config.js';
export { findNatsServer, type NatsOptions, type RunningNats, startNats } from './start-nats.js';
export { type PlaneNats, planeNats, type TemporaryNats, temporaryNats } from './temporary-nats.js';
export { untilAvailable } from './until-available.js';
