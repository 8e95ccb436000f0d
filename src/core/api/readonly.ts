/** `T` with every property and every element read-only, at any depth. API objects are values here: nobody edits one. */
export type DeepReadonly<T> = T extends (...args: never) => unknown
  ? T
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;
