export { type NatsUser } from './accounts.js';
export { contractsOf, withPermissionsOf } from './mixed-versions.js';
export { planeUsers, streamsAdministrator } from './server-config.js';
export { findNatsServer, type NatsOptions, type RunningNats, startNats } from './start-nats.js';
export { type PlaneNats, planeNats, type TemporaryNats, temporaryNats } from './temporary-nats.js';
