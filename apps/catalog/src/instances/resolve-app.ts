import type { catalog } from '@runos/contracts';
import { invalidInput } from '@runos/kernel';
import { app, resolveAppFields } from '@runos/service-types';
import { resolveSize } from '@runos/sizing';
import type { z } from 'zod';
import { fieldIssues, writerIssues } from './field-issues.js';
import { sizeRequestOf } from './resolve-instance.js';

type ResolveRequest = z.output<typeof catalog.resolveApp.input>;
type ResolvedApp = z.output<typeof catalog.resolveApp.output>;

/**
 * Resolves a create or update request of an app to sizing and own fields; pure.
 * @throws Fault with every issue: `request.invalid` for wrong fields, else `class.unknown` or `sizing.invalid`
 */
export function resolveApp({ fields, current, clearsAbsent = false }: ResolveRequest): ResolvedApp {
  const sized = resolveSize(app.sizing, sizeRequestOf(fields), {
    current: current && { ...current.sizing, volumeCapacityMb: null },
    hasDistributedStorage: false,
  });
  const issues = [...fieldIssues(app, fields, current ? 'update' : 'create'), ...writerIssues(app, fields)];
  if (!sized.ok) throw invalidInput(issues.length > 0 ? 'request.invalid' : sized.code, [...issues, ...sized.issues]);
  if (issues.length > 0) throw invalidInput('request.invalid', issues);
  return {
    sizing: sized.size,
    inputs: resolveAppFields(fields, current?.inputs, clearsAbsent),
    ...(sized.rrcFlipHint === undefined ? {} : { rrcFlipHint: sized.rrcFlipHint }),
  };
}
