import { Environment, type ParseResult } from '@marcbachmann/cel-js';
import { Fault } from '@runos/kernel';
import { compileExclusive, type ExclusiveFields, type KubeObject, parseQuantity } from '@runos/kube-objects';
import type { CustomKind } from './custom-kind.js';
import { type Health, progressing, sentence } from './health.js';
import type { ClaimTemplate, Kind } from './kind.js';
import { customHealth } from './other-health.js';
import type { PodField } from './pod-fields.js';
import { remedyFor } from './pod-health.js';

/** Expressions are data of the control plane, but a mistake in one must not exhaust the agent. */
const limits = { maxAstNodes: 2_000, maxDepth: 50, maxListElements: 200, maxMapEntries: 200, maxCallArguments: 8 };

const environment = new Environment({ enableOptionalTypes: true, limits })
  .registerVariable('self', 'map')
  .registerVariable('variables', 'map')
  .registerFunction(
    'string.find(string): string',
    (text: string, pattern: string) => new RegExp(pattern).exec(text)?.[0] ?? '',
  )
  .registerFunction('sentence(string): string', sentence)
  .registerFunction('remedyFor(string): string', remedyFor)
  .registerFunction('fromJson(string): dyn', (text: string) => JSON.parse(text) as unknown);

interface Context {
  readonly self: KubeObject;
  readonly variables: Readonly<Record<string, unknown>>;
}

type Expression<T> = (context: Context) => T;

/** Parses an expression, which must have one of these types, and converts its values. */
type Compile = <T>(source: string, toValue: (value: unknown) => T, ...types: string[]) => Expression<T>;

type ContextOf = (self: KubeObject) => Context;

/**
 * The kind with its expressions compiled.
 * @throws Fault `request.invalid` with the expression and its error, if one does not parse or has a wrong type
 */
export function compileCustomKind(data: CustomKind): Kind {
  const compile: Compile = (source, toValue, ...types) => {
    const parsed = parse(data, source, types);
    return (context) => toValue(parsed(context));
  };
  const variables = data.variables.map(({ name, expression }) => ({ name, valueOf: parse(data, expression, []) }));
  const contextOf = (self: KubeObject): Context => {
    const values: Record<string, unknown> = {};
    for (const { name, valueOf } of variables) values[name] = valueOf({ self, variables: values });
    return { self, variables: values };
  };
  const { apiVersion, kind, resource, role = 'workload', immutablePolicy, holdsData } = data;
  return {
    apiVersion,
    kind,
    resource,
    role,
    immutablePolicy,
    holdsData,
    exclusive: exclusiveOf(data),
    health: compileHealth(data.health, compile, contextOf),
    ...(data.claims && compileClaims(data.claims, compile, contextOf)),
    ...(data.pods && { podFields: compilePodFields(data.pods, compile, contextOf) }),
    ...(data.replicas && compileReplicas(data.replicas, compile, contextOf)),
  };
}

/** What no expression decides, so that it holds also where the expressions do not compile. */
export const exclusiveOf = ({ exclusive, exclusiveAnnotations }: CustomKind): ExclusiveFields =>
  compileExclusive(exclusive ?? [], exclusiveAnnotations);

/** The first rule that applies decides. */
function compileHealth(rules: CustomKind['health'], compile: Compile, contextOf: ContextOf): Kind['health'] {
  const compiled = rules.map((rule) => ({
    state: rule.state,
    when: compile(rule.when, (value) => value === true, 'bool', 'dyn'),
    reason: compile(rule.reason, String, 'string', 'dyn'),
    message: compile(rule.message, String, 'string', 'dyn'),
  }));
  const healthOf = (object: KubeObject): Health => {
    const context = contextOf(object);
    const rule = compiled.find(({ when }) => when(context));
    if (rule === undefined) return customHealth(object);
    return { state: rule.state, reason: rule.reason(context), message: rule.message(context) };
  };
  return (object) => orUnknown(object, () => healthOf(object));
}

function compileClaims(
  claims: NonNullable<CustomKind['claims']>,
  compile: Compile,
  contextOf: ContextOf,
): Pick<Kind, 'claims' | 'shrinkAnnotations'> {
  const prefixOf = compile(claims.prefix, String, 'string', 'dyn');
  const storageOf = compile(claims.storage, parseQuantity, 'string', 'int', 'double', 'dyn');
  return {
    claims: (object): ClaimTemplate[] => {
      try {
        const context = contextOf(object);
        const storage = storageOf(context);
        return storage === undefined ? [] : [{ prefix: prefixOf(context), storage }];
      } catch {
        return []; // an object without that field has no claims of a known size
      }
    },
    shrinkAnnotations: claims.shrinkAnnotations,
  };
}

function compilePodFields(fields: NonNullable<CustomKind['pods']>, compile: Compile, contextOf: ContextOf): PodField[] {
  return fields.map(({ name, desired, actual }) => {
    const [desiredOf, actualOf] = [compile(desired, String, 'string', 'dyn'), compile(actual, String, 'string', 'dyn')];
    return {
      name,
      desired: orEmpty((object) => desiredOf(contextOf(object))),
      actual: orEmpty((pod) => actualOf({ self: pod, variables: {} })),
    };
  });
}

/** An object without that field has no value. */
const orEmpty =
  (valueOf: (object: KubeObject) => string) =>
  (object: KubeObject): string => {
    try {
      return valueOf(object);
    } catch {
      return '';
    }
  };

function compileReplicas(
  replicas: NonNullable<CustomKind['replicas']>,
  compile: Compile,
  contextOf: ContextOf,
): Pick<Kind, 'replicas' | 'desiredReplicas'> {
  const desiredOf = compile(replicas.desired, Number, 'int', 'double', 'dyn');
  const readyOf = compile(replicas.ready, Number, 'int', 'double', 'dyn');
  return {
    replicas: (object) => {
      try {
        const context = contextOf(object);
        return { desired: desiredOf(context), ready: readyOf(context) };
      } catch {
        return { desired: 1, ready: 0 }; // health reports the failed expression
      }
    },
    desiredReplicas: (object) => {
      try {
        return desiredOf(contextOf(object));
      } catch {
        return undefined; // it needs a status, which only a live object has
      }
    },
  };
}

function parse({ kind }: CustomKind, source: string, types: readonly string[]): ParseResult {
  try {
    const parsed = environment.parse(source);
    const { valid, type, error } = parsed.check();
    if (!valid) throw error ?? new Error('its types do not fit');
    if (types.length > 0 && type !== undefined && !types.includes(type)) {
      throw new Error(`it is ${type}, and ${types[0]} is needed`);
    }
    return parsed;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Fault('request.invalid', `An expression of kind ${kind} is invalid: ${source} (${why})`, {}, { cause });
  }
}

/** A live object of an unexpected shape must not stop the agent. */
function orUnknown({ kind, metadata: { name } }: KubeObject, health: () => Health): Health {
  try {
    return health();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    return progressing('HealthUnknown', `${kind} ${name} has a state that its rules cannot read: ${sentence(why)}`);
  }
}
