export { Access, Respond, type ReceivedEvent, Subscribe, SubscribeBatch } from './service/handlers.js';
export {
  type RequestArguments,
  type RequestOptions,
  Bus,
  eventMessage,
  isNoResponders,
  type PublishOptions,
} from './requests/bus.js';
export { isInboxOf } from './requests/reply-inbox.js';
export { type CallContext, currentCall, remainingMs, systemActor } from './requests/call-context.js';
export { checkInput, issuesOf } from './requests/check-input.js';
export { NatsConnector, type NatsConnectorOptions } from './connection/nats-connector.js';
export { InjectConfig, InjectLogger, type Platform, PlatformModule } from './service/platform.module.js';
export { runService, type ServiceProgram } from './service/run-service.js';
export {
  type HttpOptions,
  type RunningService,
  type ServiceDefinition,
  startService,
} from './service/start-service.js';
export { StreamDeclarer, type StreamDeclarerOptions } from './streams/stream-declarer.js';
export { headersOf } from './connection/wire.js';
