import { commandPathOf } from '../commands/command-path.js';
import { type CommandOptions, operation, type Operation } from '../operation/operation.js';
import type { z } from 'zod';
import type { Level } from '../access/access.js';
import { ChangePlan } from './plan-shapes.js';

type Params = Operation['params'];
type PlanAccess = Extract<Level, 'read' | 'sensitive_read'>;

/**
 * The plan of a write: `POST <path>/plan` with the same input, and `POST <path>/delete/plan` for a deletion, which shares
 * its path with other writes. A plan needs no more than the right to read: it shows what reads show, and hides the values
 * of Secrets. A plan of secret values needs the right to read those, because it shows whether a value is equal.
 */
export const planOf = <
  P extends Params,
  Q extends z.ZodType,
  B extends z.ZodType,
  O extends z.ZodType,
  I extends string,
>(
  write: Operation<P, Q, B, O, I>,
  example: ChangePlan,
  access: PlanAccess = 'read',
) => planNamed(`${write.id}.plan` as const, write, example, access);

/** As `planOf`, with an id of its own. */
export function planNamed<
  P extends Params,
  Q extends z.ZodType,
  B extends z.ZodType,
  O extends z.ZodType,
  const I extends string,
>(
  id: I,
  write: Operation<P, Q, B, O>,
  example: ChangePlan,
  access: PlanAccess = 'read',
): Operation<P, Q, B, typeof ChangePlan, I> {
  const { id: plans, method, path, summary, examples, command, ...same } = write;
  const body = examples?.body;
  return operation({
    ...same,
    plans,
    id,
    method: 'POST',
    path: `${path}${method === 'DELETE' ? '/delete' : ''}/plan`,
    command: command === 'none' ? command : planCommandOf(id, { ...write, command }),
    access,
    summary: `Plan by a dry run on the cluster, without the write: ${summary}`,
    output: ChangePlan,
    status: 200,
    examples: { ...(body === undefined ? {} : { body }), output: example },
  });
}

/** The command of a plan stands beside that of the write. Its flags have the values that clients set in the write. */
function planCommandOf(id: string, write: Pick<Operation, 'id' | 'path' | 'command'>): CommandOptions {
  const { setByClients = [], flags = {} } = typeof write.command === 'object' ? write.command : {};
  const words = commandPathOf(write).replace('{type}', ':type').split('/');
  const verb = id.slice(id.lastIndexOf('.') + 1);
  return {
    path: [...words.slice(0, -1), `${verb}-${words.at(-1) ?? ''}`].join('/'),
    flags: { ...flags, ...Object.fromEntries(setByClients.map((name) => [name, true])) },
  };
}
