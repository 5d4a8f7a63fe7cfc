import { z } from 'zod';

/** A path on the machine of the user, relative to the folder of the file that names it. */
export const LocalPath = z
  .string()
  .min(1)
  .max(4096)
  .regex(/^\P{Cc}*$/u, 'must have no control characters');
