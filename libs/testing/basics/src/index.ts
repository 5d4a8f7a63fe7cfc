export { halfOpenProxy, type HalfOpenProxy } from './half-open-proxy.js';
export { ManualClock } from './manual-clock.js';
export { SeededRandom } from './seeded-random.js';
