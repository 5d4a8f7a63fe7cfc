import type { LogContainer } from './log-containers.js';

/** Why a log cannot be read, with the words of the API server or of the kubelet. */
export const unreadable = ({ podName, containerName }: LogContainer, reason: string): string =>
  `The log of container ${containerName} of pod ${podName} cannot be read: ${reason}`;
