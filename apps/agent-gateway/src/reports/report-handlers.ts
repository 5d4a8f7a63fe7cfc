import type { Bus } from '@runos/messaging';
import type { Logger } from '@runos/observability';
import type { Audit } from '../audit/audit.js';
import type { SessionHub } from '../sessions/session-hub.js';
import { certificateHandlers } from './certificate-handlers.js';
import { clusterHandlers } from './cluster-handlers.js';
import { nodeHandlers } from './node-handlers.js';
import type { ReportHandlers } from './report-handler.js';

/** One handler for every report of the catalog. */
export const reportHandlers = (hub: SessionHub, bus: Bus, audit: Audit, logger: Logger): ReportHandlers => ({
  ...nodeHandlers(hub, logger),
  ...clusterHandlers(hub, bus, audit),
  ...certificateHandlers(logger),
});
