import { hasRenderer, type PinnedRenderer, serviceTypes } from '@runos/service-types';

/** What this build lacks to render a spec, because only a newer build has it; undefined when it lacks nothing. */
export function missingRenderer(typeName: string, pinned: PinnedRenderer): string | undefined {
  const type = serviceTypes.find((each) => each.type === typeName);
  if (type !== undefined && hasRenderer(type, pinned)) return undefined;
  return `renderer ${pinned.rendererVersion} of ${typeName} ${pinned.version}`;
}

/** The reason of a job that waits for a replica with the renderer. */
export const rendererMissing = 'RendererMissing';

export const waitingForRenderer = (missing: string): string =>
  `waiting for a replica of the control plane that has ${missing}`;
