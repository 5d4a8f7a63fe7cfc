import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { instructions, reports } from '@runos/agent-protocol';
import { operations } from '@runos/api';
import { contracts } from '@runos/contracts';
import { z } from 'zod';

/** The part of JSON Schema that Zod generates. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  /** false: other fields are rejected; absent: they are ignored. */
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly [keyword: string]: unknown;
}

/** The schema of the message as sent, before the receiver applies defaults and transformations. */
export function wireSchema(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  return rest;
}

/** One message of the control plane, as the newer version defines it. */
export interface Message {
  /** Properties that must not change under the same name: address and delivery. */
  readonly fixed: Readonly<Record<string, unknown>>;
  /** Schemas of messages from older senders, which the newer receiver must accept. */
  readonly accepted: Readonly<Record<string, JsonSchema>>;
  /** Schemas of messages from newer senders, which an older receiver must accept. */
  readonly sent: Readonly<Record<string, JsonSchema>>;
}

export type Messages = Readonly<Record<string, Message>>;

/** All messages between processes of possibly different versions, by name. */
export function currentMessages(): Messages {
  return Object.fromEntries([...serviceMessages(), ...apiMessages(), ...agentMessages()]);
}

function serviceMessages(): [string, Message][] {
  return contracts.map((contract) => {
    if (contract.kind === 'event') {
      const { delivery, receivers, body } = contract;
      const message = { fixed: { delivery, receivers }, accepted: {}, sent: { body: wireSchema(body) } };
      return [`event ${contract.subject}`, message];
    }
    const { scope, input, output } = contract;
    const schemas = { accepted: { input: wireSchema(input) }, sent: { output: wireSchema(output) } };
    return [`request ${contract.subject}`, { fixed: { scope }, ...schemas }];
  });
}

function apiMessages(): [string, Message][] {
  return operations.map(({ id, method, path, status, query, body, output }) => {
    const accepted = { query: wireSchema(query), body: wireSchema(body) };
    return [`operation ${id}`, { fixed: { method, path, status }, accepted, sent: { output: wireSchema(output) } }];
  });
}

/** The control plane is upgraded first, so it sends instructions to older agents and receives reports from them. */
function agentMessages(): [string, Message][] {
  const down = Object.values(instructions).map(({ type, input, reply }): [string, Message] => {
    const schemas = { accepted: { reply: wireSchema(reply) }, sent: { input: wireSchema(input) } };
    return [`instruction ${type}`, { fixed: {}, ...schemas }];
  });
  const up = Object.values(reports).map(({ type, body, reply }): [string, Message] => {
    const sent: Record<string, JsonSchema> = reply === null ? {} : { reply: wireSchema(reply) };
    return [`report ${type}`, { fixed: {}, accepted: { body: wireSchema(body) }, sent }];
  });
  return [...down, ...up];
}

const file = resolve(import.meta.dirname, '../contracts.snapshot.json');

/** The messages of the previous version; empty without a snapshot. */
export const readSnapshot = (): Messages =>
  existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Messages) : {};

/** Writes one line per message, so that a diff shows which message changed. */
export function writeSnapshot(messages: Messages): void {
  const lines = Object.entries(messages)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, message]) => `${JSON.stringify(name)}: ${JSON.stringify(message)}`);
  writeFileSync(file, `{\n${lines.join(',\n')}\n}\n`);
}
