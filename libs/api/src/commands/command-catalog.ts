/**
 * The document from which command lines build their commands. This file has no imports, so that a program can take its
 * types without the code of a service. Clients ignore keys that they do not know.
 */
export interface CommandCatalog {
  /** Changes exactly when `commands` do. */
  readonly version: string;
  readonly commands: readonly Command[];
}

export type CommandLevel = 'read' | 'sensitive_read' | 'write' | 'sensitive_write';

export interface Command {
  /** `services/valkey/{id}/show`: words and placeholders, separated by slashes. Placeholders are no words to type. */
  readonly command: string;
  readonly description: string;
  /** `/:aid/:cid/services/valkey/:id`; `:aid` and `:cid` are those of the configuration. */
  readonly endpoint: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** The servers of the Model Context Protocol that offer it; absent: none. */
  readonly mcp?: readonly CommandLevel[];
  readonly input: CommandInput;
  readonly output: CommandOutput;
  /** The response may have a `jobId` to follow. */
  readonly returnsJob?: true;
}

export interface CommandInput {
  readonly fields: readonly CommandField[];
  /** Sent in every request: in the query of a GET and a DELETE, else below `flags` in the body. */
  readonly flags?: readonly CommandFlag[];
}

export type CommandFieldType = 'string' | 'integer' | 'boolean' | 'array' | 'object';

export interface CommandField {
  readonly name: string;
  readonly type: CommandFieldType;
  /** Has the unit of a number. */
  readonly description?: string;
  readonly required?: true;
  /** Sent when nothing is given. */
  readonly default?: string | number | boolean;
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly positional?: true;
  /** Of each item of an array. */
  readonly itemType?: CommandFieldType;
  readonly itemFields?: readonly CommandField[];
  /** Of each value of an object. */
  readonly valueType?: CommandFieldType;
  readonly valueFields?: readonly CommandField[];
  /** An update can remove the value. */
  readonly clearable?: true;
}

/** A switch. */
export interface CommandFlag {
  readonly name: string;
  readonly description: string;
  readonly default: boolean;
}

export interface CommandOutput {
  /** `array`: the response is an object of which one field is the list. */
  readonly type: 'object' | 'array';
  /** Those of the response, or of each item of the list. Dots in a name lead to a nested value. */
  readonly fields: readonly CommandOutputField[];
}

export interface CommandOutputField {
  readonly name: string;
  readonly type?: CommandFieldType;
  readonly description?: string;
  readonly enum?: readonly string[];
}
