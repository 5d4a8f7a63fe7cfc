export { type Clock, systemClock } from './clock.js';
export { type Condition, type ConditionClaim, type ConditionStatus, mark } from './condition.js';
export {
  Fault,
  type FaultBody,
  type FaultCode,
  type FaultDetails,
  faultOf,
  faultStatus,
  type Issue,
  unavailable,
} from './fault.js';
export { type Flow, flow } from './flow.js';
export { type Random, randomString, systemRandom } from './random.js';
