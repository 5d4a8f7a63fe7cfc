import { z } from 'zod';

/** A name that Kubernetes accepts for a variable. */
export const VariableName = z
  .string()
  .max(253)
  .regex(/^[A-Za-z_][\w.-]*$/, 'must begin with a letter or _, and have only letters, digits, _, . and -');
