export { findNatsServer } from './find-nats-server.js';
export { allPowerful, type NatsUser } from './nats-user.js';
export { type NatsOptions, type RunningNats, startNats } from './start-nats.js';
export { type PlaneNats, planeNats } from './plane-nats.js';
export { type TemporaryNats, temporaryNats } from './temporary-nats.js';
