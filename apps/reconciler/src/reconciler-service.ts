import { reconcilerConfig } from './config.js';
import { ReconcilerModule } from './reconciler.module.js';

/** The reconciler as `runService` and `startService` take it. */
export const reconcilerService = {
  name: 'reconciler',
  config: reconcilerConfig,
  module: ReconcilerModule.with.bind(ReconcilerModule),
} as const;
