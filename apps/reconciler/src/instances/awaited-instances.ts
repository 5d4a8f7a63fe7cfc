/** The reason of an instance and of its job while its first revision waits for instances that it requires. */
export const requirementNotReady = 'RequirementNotReady';

/** The message that belongs to the reason. */
export const waitingForInstances = (osids: readonly string[]): string => `waiting until ${osids.join(', ')} is ready`;
