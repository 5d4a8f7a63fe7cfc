/** The initial database of every instance, and its owner. */
export const application = { username: 'app', database: 'app', port: 5432 } as const;
