/** A field reference is to a field of API version v1 unless it says otherwise. Source: SetDefaults_ObjectFieldSelector. */
export function defaultFieldRef<T extends { readonly apiVersion?: string }>(fieldRef: T): T {
  return fieldRef.apiVersion ? fieldRef : { ...fieldRef, apiVersion: "v1" };
}
