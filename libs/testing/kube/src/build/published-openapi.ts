import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runGo } from './run-go.js';

const kubernetes = 'k8s.io/kubernetes';

/** A property of a definition in the OpenAPI of Kubernetes. */
export interface OpenApiProperty {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly items?: OpenApiProperty;
  readonly additionalProperties?: OpenApiProperty;
  readonly 'x-kubernetes-patch-strategy'?: string;
  readonly 'x-kubernetes-patch-merge-key'?: string;
}

/** A type in the OpenAPI of Kubernetes. */
export interface OpenApiDefinition extends OpenApiProperty {
  readonly properties?: Readonly<Record<string, OpenApiProperty>>;
  readonly 'x-kubernetes-group-version-kind'?: readonly {
    readonly group: string;
    readonly version: string;
    readonly kind: string;
  }[];
}

/** The OpenAPI that the pinned version of Kubernetes publishes, from its Go module. */
export async function publishedOpenApi(): Promise<{
  /** Such as `v1.36.3`. */
  readonly version: string;
  readonly definitions: Readonly<Record<string, OpenApiDefinition>>;
}> {
  const module = JSON.parse(await runGo(['mod', 'download', '-json', kubernetes])) as { Dir: string; Version: string };
  const text = readFileSync(join(module.Dir, 'api', 'openapi-spec', 'swagger.json'), 'utf8');
  const { definitions } = JSON.parse(text) as { definitions: Readonly<Record<string, OpenApiDefinition>> };
  return { version: module.Version, definitions };
}
