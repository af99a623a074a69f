import js from "@eslint/js";
import globals from "globals";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist/**", "build/**"] },
  js.configs.recommended,
  ...tseslint.configs.strict,
  ...tseslint.configs.stylistic,
  {
    rules: {
      // An operation counts what it was called with: types are no help to those who write JavaScript.
      "prefer-rest-params": "off",
      // Overloads are documentation: each says one way of calling.
      "@typescript-eslint/unified-signatures": "off",
      "@typescript-eslint/consistent-indexed-object-style": "off",
    },
  },
  {
    files: ["bench/**", "examples/**", "scripts/**"],
    languageOptions: { globals: globals.node },
    rules: { "@typescript-eslint/no-empty-function": "off" },
  },
);
