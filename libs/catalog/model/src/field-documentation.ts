import { z } from 'zod';

/**
 * What documents state of a field beside the checks of its schema, such as unit, range and default. It is a registry
 * of its own, so that parsing and the compatibility check of the contracts do not depend on it.
 */
export const documentation = z.registry<{
  readonly description: string;
  /** What a number counts or is measured in, in the words of the description: `MiB`, `instances`. */
  readonly unit?: string;
  readonly type?: 'integer';
  readonly minimum?: number;
  readonly maximum?: number;
  /** The accepted values, where the schema leaves it to a service to refuse others. */
  readonly enum?: readonly string[];
  readonly default?: string | number | boolean;
}>();

/** A display name: 1 to 63 printable characters without leading or trailing blanks. Names need not be unique. */
export const Name = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[^\p{C}]+$/u, 'must consist of printable characters')
  .refine((name) => name.trim() === name, 'must not begin or end with a blank');

/** A TCP or UDP port number. */
export const PortNumber = z
  .int()
  .min(1)
  .max(65_535)
  .register(documentation, { description: 'TCP or UDP port.', unit: 'port', minimum: 1, maximum: 65_535 });
