/** Expressions in CEL about conditions in the status of a live object, for the health rules of custom kinds. */

/** The conditions of a type in the status. They are the value of a variable, which the functions below take. */
export const statusConditions = (type: string): string =>
  `self.?status.?conditions.orValue([]).filter(c, c.type == '${type}')`;

/** Whether a condition of the variable has this status. */
export const hasStatus = (variable: string, status: 'True' | 'False'): string =>
  `variables.${variable}.exists(c, c.status == '${status}')`;

/** Whether the condition `c` is about an earlier spec. */
export const isStale =
  'has(c.observedGeneration) && int(c.observedGeneration) < int(self.metadata.?generation.orValue(0))';

/** True before a controller has judged the newest spec. */
export const isUnjudged = (variable: string): string =>
  `!variables.${variable}.exists(c, c.status in ['True', 'False'] && !(${isStale}))`;

/** The reason of the first condition. */
export const reasonOf = (variable: string): string => `variables.${variable}[0].?reason.orValue('')`;

/** The message of the first condition as a sentence. */
export const messageOf = (variable: string): string =>
  `sentence(variables.${variable}[0].?message.orValue('') == '' ? 'No reason given' : variables.${variable}[0].message)`;
