export { type NatsUser, unrestrictedUser } from './server-config.js';
export { findNatsServer, type NatsOptions, type RunningNats, startNats } from './start-nats.js';
export { type PlaneNats, planeNats, type TemporaryNats, temporaryNats } from './temporary-nats.js';
