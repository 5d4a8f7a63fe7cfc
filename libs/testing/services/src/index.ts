export { type PlaneNats, planeNats } from './plane-nats.js';
export { type ThrowAwayNats, throwAwayNats } from './throw-away-nats.js';
export { type ThrowAwayPostgres, throwAwayPostgres } from './throw-away-postgres.js';
