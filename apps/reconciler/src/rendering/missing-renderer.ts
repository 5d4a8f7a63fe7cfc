import { hasMergeRules } from '@runos/overrides';
import { app, hasRenderer, serviceTypes } from '@runos/service-types';
import type { DesiredSpec } from '../revisions/desired-spec.js';

/** What this build lacks to render a spec, because only a newer build has it; undefined when it lacks nothing. */
export function missingRenderer(typeName: string, spec: DesiredSpec): string | undefined {
  const { overrides } = spec;
  if (overrides !== undefined && !hasMergeRules(overrides.version)) {
    return `version ${overrides.version} of the merge rules of overrides`;
  }
  if (spec.kind === 'app') {
    return Object.hasOwn(app.renderers, spec.rendererVersion) ? undefined : `renderer ${spec.rendererVersion} of apps`;
  }
  const type = serviceTypes.find((each) => each.type === typeName);
  if (type !== undefined && hasRenderer(type, spec)) return undefined;
  return `renderer ${spec.rendererVersion} of ${typeName} ${spec.version}`;
}

/** The reason of a job that waits for a replica with the renderer. */
export const rendererMissing = 'RendererMissing';

export const waitingForRenderer = (missing: string): string =>
  `waiting for a replica of the control plane that has ${missing}`;
