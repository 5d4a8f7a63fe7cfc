import { z } from 'zod';
import { heartbeatAnswerMs } from '../wire/limits.js';
import { oneOf, text } from './field.js';
import { report } from './message.js';

export const nodeStatuses = ['not_installed', 'ready', 'not_ready', 'cordoned'] as const;

/** Every 5 s from every node agent. */
export const NodeAgentHeartbeatToServer = report({
  type: 'NodeAgentHeartbeatToServer',
  body: z.object({
    /** Empty when unknown. */
    externalIpAddress: text(64).default(''),
    isCp: z.boolean().default(false),
    isWorker: z.boolean().default(false),
    status: oneOf(nodeStatuses),
    version: text(64).default(''),
    /** False: the roles are only the last known ones, not to be stored. Absent means true. */
    rolesKnown: z.boolean().default(true),
  }),
  reply: z.object({ isHealthy: z.boolean(), message: text(1024) }),
  deadlineMs: heartbeatAnswerMs,
});

/** Every 5 s from every cluster agent; any message with its tag answers it. */
export const ClusterAgentHeartbeatToServer = report({
  type: 'ClusterAgentHeartbeatToServer',
  body: z.looseObject({}),
  reply: z.looseObject({}),
  deadlineMs: heartbeatAnswerMs,
});
