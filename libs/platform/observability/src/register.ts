/**
 * `node --import @runos/observability/register …` records SQL statements as spans. It must run before `pg` is loaded,
 * so it is a separate module. Without an OTLP endpoint it loads nothing.
 */
if (process.env['RUNOS_OTLP_ENDPOINT']) {
  const [{ registerInstrumentations }, { PgInstrumentation }] = await Promise.all([
    import('@opentelemetry/instrumentation'),
    import('@opentelemetry/instrumentation-pg'),
  ]);
  registerInstrumentations({ instrumentations: [new PgInstrumentation({ requireParentSpan: true })] });
}
export {};
