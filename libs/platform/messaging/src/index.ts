export { Access, Answers, type Heard, Hears, HearsBatch } from './answers.js';
export { type AskArguments, type AskOptions, Bus, eventMessage, isNobody, type TellOptions } from './bus.js';
export { type CallContext, currentCall, remainingMs, systemActor } from './call-context.js';
export { checkInput, issuesOf } from './check-input.js';
export { NatsLink, type NatsLinkOptions } from './nats-link.js';
export { InjectLogger, type Platform, PlatformModule } from './platform.module.js';
export { runService, type ServiceProgram } from './run-service.js';
export { type HttpOptions, type RunningService, type ServiceDefinition, startService } from './start-service.js';
export { headersOf } from './wire.js';
