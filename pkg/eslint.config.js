import js from "@eslint/js";
import tseslint from "typescript-eslint";

export default tseslint.config(
  {
    ignores: [
      "dist/**",
      "build/**",
      "worker/build/**",
      "www/omnikv.js",
      "www/net.js",
      "www/cron.js",
      "www/table.js",
      "www/docs/**",
    ],
  },
  js.configs.recommended,
  ...tseslint.configs.strict,
  ...tseslint.configs.stylistic,
  {
    rules: {
      // An operation checks the number of its arguments, because types do not help those who write JavaScript.
      "prefer-rest-params": "off",
      // Overloads are documentation: each shows one form of a call.
      "@typescript-eslint/unified-signatures": "off",
      "@typescript-eslint/consistent-indexed-object-style": "off",
      "@typescript-eslint/no-empty-function": "off",
    },
  },
  {
    files: ["scripts/**", "examples/**", "bench/**"],
    languageOptions: {
      globals: {
        Buffer: "readonly",
        console: "readonly",
        performance: "readonly",
        process: "readonly",
        setTimeout: "readonly",
        URL: "readonly",
      },
    },
  },
  {
    files: ["examples/worker/**"],
    languageOptions: { globals: { crypto: "readonly", Response: "readonly" } },
  },
  {
    files: ["www/examples/**"],
    languageOptions: { globals: { kv: "readonly" } },
  },
  {
    files: ["www/**"],
    languageOptions: {
      globals: {
        ...Object.fromEntries(
          [
            "AbortController",
            "AbortSignal",
            "addEventListener",
            "atob",
            "btoa",
            "clearTimeout",
            "console",
            "crypto",
            "document",
            "Event",
            "fetch",
            "history",
            "localStorage",
            "location",
            "matchMedia",
            "navigator",
            "performance",
            "postMessage",
          ]
            .concat(["requestAnimationFrame", "ResizeObserver", "setInterval", "setTimeout"])
            .concat(["TextDecoder", "TextEncoder", "URL", "Worker"])
            .map((name) => [name, "readonly"]),
        ),
      },
    },
  },
);
