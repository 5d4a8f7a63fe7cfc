/**
 * `node --import @runos/observability/register …`: SQL statements become spans. It must run before `pg` is loaded,
 * hence a module of its own; without a place to export traces to it loads nothing.
 */
if (process.env['RUNOS_OTLP_ENDPOINT']) {
  const [{ registerInstrumentations }, { PgInstrumentation }] = await Promise.all([
    import('@opentelemetry/instrumentation'),
    import('@opentelemetry/instrumentation-pg'),
  ]);
  registerInstrumentations({ instrumentations: [new PgInstrumentation({ requireParentSpan: true })] });
}
export {};
