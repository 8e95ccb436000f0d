/** "reference": by the rules of 1.26 alone, without what the API takes since. */
export type ValidationRules = "current" | "reference";
