import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { fieldsOf } from './operation/json-schema.js';
import { operations } from './operations.js';

const placeholders = (path: string) => [...path.matchAll(/:(\w+)/g)].map(([, name]) => name);

describe('the public operations', () => {
  it('have unique ids and routes', () => {
    const ids = operations.map(({ id }) => id);
    expect(ids.length).toBeGreaterThan(30);
    expect(new Set(ids).size).toBe(ids.length);
    // Two routes that differ only in the names of their placeholders are the same route.
    const routes = operations.map(({ method, path }) => `${method} ${path.replaceAll(/:\w+/g, ':')}`);
    expect(new Set(routes).size).toBe(routes.length);
  });
});

/** The writes of desired state without a plan: a restart changes no object of the user, and a divergence is a decision. */
const withoutPlan = ['app.restart', 'app.accept', 'service.restart', 'service.accept'];

describe('the plans', () => {
  const planned = operations.flatMap(({ plans }) => plans ?? []);

  it('exist for every write of the desired state of apps and services', () => {
    const writes = operations.filter(
      ({ id, access, output }) =>
        /^(app|service)\./.test(id) && access === 'write' && JSON.stringify(z.toJSONSchema(output)).includes('"jobId"'),
    );
    expect(writes.length).toBeGreaterThan(20);
    expect([...planned, ...withoutPlan].sort()).toEqual(writes.map(({ id }) => id).sort());
  });

  it('have the input and the errors of their writes', () => {
    for (const plan of operations.filter(({ plans }) => plans !== undefined)) {
      const write = operations.find(({ id }) => id === plan.plans);
      if (write === undefined) throw new Error(`${plan.id} is the plan of no write`);
      const { params, query, body, errors, variants } = write;
      expect(plan).toMatchObject({ method: 'POST', status: 200 });
      // Users who may not read secret values must not find them by guesses: a plan shows which value is equal.
      const guesses = ['app.secret-env.set', 'app.secrets.change', 'app.secret-file.change'].includes(write.id);
      expect([write.id, plan.access]).toEqual([write.id, guesses ? 'sensitive_read' : 'read']);
      expect(plan.path).toBe(`${write.path}${write.method === 'DELETE' ? '/delete' : ''}/plan`);
      for (const [name, part] of Object.entries({ params, query, body, errors, variants })) {
        expect([name, plan[name as keyof typeof plan]]).toEqual([name, part]);
      }
    }
  });
});

describe.each(operations.map((operation) => [operation.id, operation] as const))('%s', (id, operation) => {
  it('is named <noun>.<verb>', () => {
    expect(id).toMatch(/^[a-z]+(-[a-z]+)*(\.[a-z]+(-[a-z]+)*)+$/);
    expect(operation.summary).toMatch(/^[A-Z].*\.$/);
  });

  it('describes exactly the placeholders of its path', () => {
    expect(Object.keys(operation.params).sort()).toEqual(placeholders(operation.path).sort());
    for (const { schema } of Object.values(operation.params)) {
      expect(schema.safeParse('no/such id!').success).toBe(false);
    }
  });

  it('declares a level when it concerns an account, and only a GET and a plan read', () => {
    const { path, access, method } = operation;
    if (path.startsWith('/:aid')) expect(['public', 'signed-in']).not.toContain(access);
    const writesNothing = method === 'GET' || path.endsWith('/plan');
    if (writesNothing) expect(['write', 'sensitive_write']).not.toContain(access);
    else expect(['read', 'sensitive_read']).not.toContain(access);
  });

  it('rejects unknown fields and has a valid example', () => {
    const { body, query, output, examples, variants } = operation;
    const forms = Object.values(variants?.forms ?? {});
    const bodies = forms.flatMap((form) => form.body ?? []);
    for (const schema of [query, ...(bodies.length > 0 ? bodies : [body])]) {
      const read = schema.safeParse({ nonsense: 1 });
      expect(read.error?.issues.some(({ code }) => code === 'unrecognized_keys')).toBe(true);
    }
    if (fieldsOf(body).length > 0)
      expect(z.treeifyError(body.safeParse(examples?.body).error ?? noError)).toEqual(none);
    for (const form of forms) {
      if (form.example === undefined) continue;
      expect(z.treeifyError(form.output?.safeParse(form.example).error ?? noError)).toEqual(none);
      expect(output.safeParse(form.example).error).toBeUndefined();
    }
    if (examples?.output) expect(z.treeifyError(output.safeParse(examples.output).error ?? noError)).toEqual(none);
  });

  it('answers 202 exactly when its output may contain a job, or has a progress of its own', () => {
    const { output, status } = operation;
    const shapes = output instanceof z.ZodUnion ? output.options : [output];
    const withJob = shapes.some(
      (shape) => shape instanceof z.ZodObject && ('jobId' in shape.shape || 'completedAt' in shape.shape),
    );
    if (operation.method !== 'GET') expect(status === 202).toBe(withJob);
  });
});

const noError = new z.ZodError([]);
const none = z.treeifyError(noError);
