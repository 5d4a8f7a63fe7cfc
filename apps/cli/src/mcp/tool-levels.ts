import type { Level } from '@runos/api';

/** What the tools of each level do. */
export const toolLevels: Readonly<Record<Level, string>> = {
  read: 'reads, without secrets',
  sensitive_read: 'reads what may hold secrets: credentials, secret files, logs',
  write: 'changes apps, services and jobs',
  sensitive_write: 'changes access, clusters and add-ons',
};

export const levelNames = Object.keys(toolLevels) as readonly Level[];

/** Whether tools of this level change something, and therefore need a confirmation. */
export const isWriteLevel = (level: Level): boolean => level === 'write' || level === 'sensitive_write';
