/** A JSON object. */
export type Document = Readonly<Record<string, unknown>>;

export const isDocument = (value: unknown): value is Document =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value at a dotted name. */
export const valueAt = (document: Document, name: string): unknown =>
  name.split('.').reduce<unknown>((value, key) => (isDocument(value) ? value[key] : undefined), document);
