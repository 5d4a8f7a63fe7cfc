import { z } from 'zod';

/** An environment cannot carry NUL, and files of variables show no control character but newline, carriage return and tab. */
const isPrintable = (text: string): boolean => !/\p{Cc}/u.test(text.replaceAll(/[\t\n\r]/g, ''));

/** A value that every client can keep in a file of variables. */
export const VariableValue = z
  .string()
  .refine(isPrintable, 'must have no control characters but newline, carriage return and tab');
