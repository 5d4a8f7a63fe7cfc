/** A patch that cannot be merged, with the path of the field (`spec.template.spec.containers`). */
export class MergeError extends Error {
  override readonly name = 'MergeError';

  constructor(
    readonly path: string,
    message: string,
  ) {
    super(message);
  }
}

/** The path of a member. A name that has a dot or a bracket is quoted. */
export const memberPath = (path: string, name: string): string => {
  if (/[.[\]]/.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === '' ? name : `${path}.${name}`;
};
