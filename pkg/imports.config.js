// Which folder of src may import from which (dependency-cruiser, part of `npm run lint`). Types count too. Files in src itself
// are the package's entry points: they may import everything, and only the command line imports them.

const MAY_IMPORT = {
  base: [],
  wire: ["base"],
  values: ["base", "wire"],
  operations: ["base", "wire", "values"],
  memory: ["base", "wire"],
  net: ["base", "wire", "values"],
  cron: [],
  api: ["base", "wire", "values", "operations", "memory", "net", "cron"],
  cli: ["net", "[a-z-]+[.]ts$"],
};

const directions = Object.entries(MAY_IMPORT).map(([folder, others]) => ({
  name: `${folder} may import from: ${others.join(", ") || "nothing else"}`,
  severity: "error",
  from: { path: `^src/${folder}/` },
  to: { path: "^src/", pathNot: [folder, ...others].map((each) => `^src/${each}`) },
}));

export default {
  forbidden: [
    ...directions,
    { name: "no cycles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "net.js is loaded beside the package: of what is in the package too it may import types and base",
      severity: "error",
      from: { path: "^src/net/" },
      to: { path: "^src/", pathNot: ["^src/net/", "^src/base/"], dependencyTypesNot: ["type-only"] },
    },
  ],
  options: { tsPreCompilationDeps: true, tsConfig: { fileName: "tsconfig.json" } },
};
