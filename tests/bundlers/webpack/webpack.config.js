export default {
  mode: "production",
  entry: { page: "./page.js" },
  experiments: { outputModule: true },
  output: { module: true, filename: "[name].js" },
  performance: false,
};
