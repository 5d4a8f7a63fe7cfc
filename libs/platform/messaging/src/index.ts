export { Access, Respond, type ReceivedEvent, Subscribe, SubscribeBatch } from './handlers.js';
export {
  type RequestArguments,
  type RequestOptions,
  Bus,
  eventMessage,
  isNoResponders,
  type PublishOptions,
} from './bus.js';
export { type CallContext, currentCall, remainingMs, systemActor } from './call-context.js';
export { checkInput, issuesOf } from './check-input.js';
export { NatsConnector, type NatsConnectorOptions } from './nats-connector.js';
export { InjectConfig, InjectLogger, type Platform, PlatformModule } from './platform.module.js';
export { runService, type ServiceProgram } from './run-service.js';
export { type HttpOptions, type RunningService, type ServiceDefinition, startService } from './start-service.js';
export { headersOf } from './wire.js';
