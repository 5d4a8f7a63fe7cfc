/** The address without its port. */
export const addressOf = (peer: string): string => peer.replace(/:\d+$/, '');
