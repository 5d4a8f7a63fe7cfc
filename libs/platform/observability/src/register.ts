/**
 * `node --import @runos/observability/register …`: SQL statements become spans. It must run before `pg` is loaded,
 * so it is a module of its own. Without an OTLP endpoint it loads nothing.
 */
if (process.env['RUNOS_OTLP_ENDPOINT']) {
  const [{ registerInstrumentations }, { PgInstrumentation }] = await Promise.all([
    import('@opentelemetry/instrumentation'),
    import('@opentelemetry/instrumentation-pg'),
  ]);
  registerInstrumentations({ instrumentations: [new PgInstrumentation({ requireParentSpan: true })] });
}
export {};
