/** Times, counters and process ids change with every attempt. Two texts that only differ in those state the same. */
export const withoutNumbers = (text: string): string => text.replaceAll(/\d+/g, '');
