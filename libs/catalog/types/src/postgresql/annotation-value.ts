/** A CEL expression: the value of an annotation of the object, empty without one. */
export const annotationValue = (name: string): string => `self.metadata.?annotations[?'${name}'].orValue('')`;
