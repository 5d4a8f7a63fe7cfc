declare const brand: unique symbol;

/** A string that was parsed or minted as `Name`; costs nothing at run time and cannot be mixed with another. */
export type Branded<Name extends string> = string & { readonly [brand]: Name };
