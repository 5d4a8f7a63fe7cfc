export { findNatsServer } from './find-nats-server.js';
export { allPowerful, type NatsUser } from './nats-user.js';
export { type NatsOptions, type RunningNats, startNats } from './start-nats.js';
