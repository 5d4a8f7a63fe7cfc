import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { databaseSettings, natsSettings, processSettings, serviceConfig } from './common-settings.js';
import { ConfigError, loadConfig, toEnvironment } from './load-config.js';
import { secret, wholeNumber } from './setting.js';

const configErrorOf = (schema: z.ZodObject, env: Record<string, string>): string => {
  try {
    loadConfig(schema, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('expected a ConfigError');
};

describe('loadConfig', () => {
  it('parses numbers, booleans and defaults from prefixed variables', () => {
    const config = loadConfig(serviceConfig(databaseSettings), {
      RUNOS_NATS_URL: 'nats://127.0.0.1:4222',
      RUNOS_NATS_USER: 'identity',
      RUNOS_NATS_PASSWORD: 'p',
      RUNOS_DATABASE_URL: 'postgres://identity:p@127.0.0.1:5432/runos',
      RUNOS_OPS_PORT: '9100',
      RUNOS_CHECK_REPLIES: 'true',
      RUNOS_LOG_LEVEL: '',
    });
    expect(config).toMatchObject({ opsPort: 9100, checkReplies: true, logLevel: 'info', databasePoolSize: 10 });
    expect(config.otlpEndpoint).toBeUndefined();
    expect(config.replicaId).toMatch(/^[A-Za-z0-9_-]+$/);
  });

  it('reports every invalid setting with its value and the allowed values', () => {
    const message = configErrorOf(z.object({ ...processSettings, ...natsSettings }), {
      RUNOS_OPS_PORT: '70000',
      RUNOS_LOG_LEVEL: 'loud',
      RUNOS_NATS_URL: 'localhost',
      RUNOS_NATS_PASSWORD: 'p',
      RUNOS_TRACE_RATIO: '2',
    });
    expect(message).toContain('5 settings are invalid');
    expect(message).toContain('RUNOS_OPS_PORT="70000": a whole number from 0 to 65535');
    expect(message).toContain('RUNOS_LOG_LEVEL="loud": one of trace, debug');
    expect(message).toContain('RUNOS_NATS_URL="localhost": a URL like nats://host:port');
    expect(message).toContain('RUNOS_TRACE_RATIO="2": a number from 0 to 1');
    expect(message).toContain('RUNOS_NATS_USER is not set');
  });

  it('redacts secrets in every wrapping schema', () => {
    const schema = z.object({
      plain: secret(z.string().min(40, 'at least 40 characters')),
      wrapped: secret(z.string().min(40, 'at least 40 characters')).optional(),
      piped: secret(z.string().min(40, 'at least 40 characters')).transform((text) => text.length),
    });
    const message = configErrorOf(schema, { RUNOS_PLAIN: 'hunter2', RUNOS_WRAPPED: 'hunter2', RUNOS_PIPED: 'hunter2' });
    expect(message).not.toContain('hunter2');
    expect(message.match(/\(hidden\)/g)).toHaveLength(3);
  });

  it('parses what toEnvironment prints', () => {
    const schema = z.object({ maxItems: wholeNumber(1, 9), name: z.string().optional() });
    expect(loadConfig(schema, toEnvironment({ maxItems: 7, name: undefined }))).toEqual({ maxItems: 7 });
  });
});
