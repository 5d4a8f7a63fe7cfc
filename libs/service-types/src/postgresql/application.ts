/** The database that every instance is born with, and its owner. */
export const application = { username: 'app', database: 'app', port: 5432 } as const;
