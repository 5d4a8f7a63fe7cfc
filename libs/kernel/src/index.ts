export { type Clock, systemClock } from './clock.js';
export { type Condition, type ConditionUpdate, type ConditionStatus, setCondition } from './condition.js';
export { dayMs, hourMs } from './durations.js';
export {
  Fault,
  type FaultBody,
  type FaultCode,
  type FaultDetails,
  faultOf,
  faultStatus,
  internalError,
  invalidInput,
  invalidToken,
  invalidTokenMessage,
  type Issue,
  unavailable,
  withoutFullStop,
} from './fault.js';
export { issuePath } from './issue-path.js';
export { nestedValue, nestingError, parseNested } from './nesting.js';
export { type StateMachine, stateMachine } from './state-machine.js';
export { type Random, randomString, systemRandom } from './random.js';
