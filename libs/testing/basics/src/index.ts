export { halfOpenProxy, type HalfOpenProxy } from './half-open-proxy.js';
export { ManualClock } from './manual-clock.js';
export { propertySeed, SeededRandom } from './seeded-random.js';
