export { BudgetedLog, type CausedLine } from './budgeted-log.js';
export {
  createLogger,
  type Logger,
  type LoggerOptions,
  logWarnings,
  NestLogger,
  withoutTokens,
} from './create-logger.js';
export { durationBounds, type LabelsOf, type MetricName, type MetricOf, metricTable } from './metric-table.js';
export { counter, durations, gauge, metricsText } from './metrics.js';
export { type OpsServer, opsServer, type OpsServerOptions } from './ops-server.js';
export { Readiness, type ReadinessCheck, type ReadinessReport } from './readiness.js';
export { startTelemetry, type Telemetry, type TelemetryOptions } from './telemetry.js';
export {
  type Carrier,
  currentTraceId,
  inChildSpan,
  inSpan,
  inSpanOfAll,
  nameSpan,
  withoutTrace,
  SpanKind,
  type SpanOptions,
  traceHeaders,
  traceOf,
} from './trace.js';
