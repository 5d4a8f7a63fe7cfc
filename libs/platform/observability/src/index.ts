export { createLogger, type Logger, type LoggerOptions, withoutTokens } from './create-logger.js';
export { counter, durationBounds, durations, gauge, metricsText } from './metrics.js';
export { NestLogger } from './nest-logger.js';
export { type OpsServer, opsServer, type OpsServerOptions } from './ops-server.js';
export { Readiness, type ReadinessCheck, type ReadinessReport } from './readiness.js';
export { startTelemetry, type Telemetry, type TelemetryOptions } from './telemetry.js';
export {
  type Carrier,
  currentTraceId,
  inSpan,
  nameSpan,
  SpanKind,
  type SpanOptions,
  traceHeaders,
  traceOf,
} from './trace.js';
