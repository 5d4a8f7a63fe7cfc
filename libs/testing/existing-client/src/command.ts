/** One input of a command, as the catalog describes it. */
export interface CommandField {
  readonly name: string;
  readonly type: string;
  readonly description?: string | undefined;
  readonly required?: boolean | undefined;
  readonly default?: unknown;
  readonly enum?: readonly string[] | undefined;
  readonly format?: string | undefined;
  readonly positional?: boolean | undefined;
}

/** A command of the catalog, with the parts that existing clients read. */
export interface Command {
  readonly command: string;
  readonly description?: string | undefined;
  readonly endpoint: string;
  readonly method: string;
  readonly input: {
    readonly fields: readonly CommandField[];
    readonly flags?: readonly { readonly name: string; readonly default: boolean }[] | undefined;
  };
  readonly output: { readonly type: string; readonly fields: readonly { readonly name: string }[] };
}
