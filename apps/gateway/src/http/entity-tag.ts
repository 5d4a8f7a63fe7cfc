/** Whether an If-None-Match has the tag; its comparison is weak (RFC 9110, section 13.1.2). */
export const isCurrentTag = (header: string | undefined, tag: string): boolean =>
  header?.split(',').some((each) => ['*', `"${tag}"`, `W/"${tag}"`].includes(each.trim())) ?? false;
