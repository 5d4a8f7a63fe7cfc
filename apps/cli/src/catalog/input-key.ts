/** The name under which the argument library holds the value of an input: apart from options of the command itself. */
export const inputKey = (name: string): string => `input:${name}`;
