/** What the gateway answers beside the operations, to GET and without a token. */
export const ownRoutes = ['/livez', '/readyz', '/openapi.json'] as const;
