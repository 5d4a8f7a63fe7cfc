/** One field in the OpenAPI of Kubernetes. */
export interface FieldSchema {
  /** `Container` is a type of the schema; `string`, `integer`, `number`, `boolean`; `scalar`: any of them; `any`. */
  readonly type: string;
  /** Absent: one value. */
  readonly many?: 'list' | 'map';
  /** x-kubernetes-patch-strategy: lists with `merge` are merged, all others replaced. */
  readonly strategy?: 'merge' | 'replace';
  /** x-kubernetes-patch-merge-key: what identifies the items of a merged list. Absent for lists of scalars. */
  readonly key?: string;
}

/** The fields of a type, by their names. */
export type TypeSchema = Readonly<Record<string, FieldSchema>>;

/** The patch metadata of built-in kinds. */
export interface PatchSchema {
  /** The version of Kubernetes that publishes it. */
  readonly kubernetes: string;
  /** The name of the type, by `apps/v1/Deployment`. */
  readonly kinds: Readonly<Record<string, string>>;
  readonly types: Readonly<Record<string, TypeSchema>>;
}

/** The field of a type; undefined for an unknown one. */
export const fieldOf = ({ types }: PatchSchema, type: string, name: string): FieldSchema | undefined => {
  const fields = Object.hasOwn(types, type) ? types[type] : undefined;
  return fields !== undefined && Object.hasOwn(fields, name) ? fields[name] : undefined;
};

/** The type of a kind; undefined unless the schema has it. */
export const typeOfKind = (schema: PatchSchema, apiVersion: string, kind: string): string | undefined => {
  const key = `${apiVersion}/${kind}`;
  return Object.hasOwn(schema.kinds, key) ? schema.kinds[key] : undefined;
};
