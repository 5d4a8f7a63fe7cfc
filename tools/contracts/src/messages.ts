import { instructions, reports } from '@runos/agent-protocol';
import { operations } from '@runos/api';
import { contracts } from '@runos/contracts';
import { type JsonSchema, wireSchema } from './json-schema.js';

/** One message of the plane, seen from its newer side. */
export interface Message {
  /** What must never change under the same name: where it is sent, and how. */
  readonly fixed: Readonly<Record<string, unknown>>;
  /** What an older sender says and the newer receiver has to understand. */
  readonly accepted: Readonly<Record<string, JsonSchema>>;
  /** What the newer sender says and an older receiver has to understand. */
  readonly sent: Readonly<Record<string, JsonSchema>>;
}

export type Messages = Readonly<Record<string, Message>>;

/** Every message between two processes that may be of different versions, by name. */
export function currentMessages(): Messages {
  return Object.fromEntries([...ofServices(), ...ofTheApi(), ...ofAgents()]);
}

function ofServices(): [string, Message][] {
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

function ofTheApi(): [string, Message][] {
  return operations.map(({ id, method, path, status, query, body, output }) => {
    const accepted = { query: wireSchema(query), body: wireSchema(body) };
    return [`operation ${id}`, { fixed: { method, path, status }, accepted, sent: { output: wireSchema(output) } }];
  });
}

/** The plane is brought up to date first: it tells older agents what to do, and hears what they report. */
function ofAgents(): [string, Message][] {
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
