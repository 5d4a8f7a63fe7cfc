export { halfOpenProxy, type HalfOpenProxy } from './half-open-proxy.js';
export { ManualClock } from './manual-clock.js';
export { propertySeed } from './property-seed.js';
export { SeededRandom } from './seeded-random.js';
