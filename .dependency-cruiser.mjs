/**
 * Which file may import which. The allowed list is the layer table of packages/repo-tools/src/layers.mjs: what it does not
 * name is an error. The forbidden rules add what layers cannot say.
 */
import { APPS, importableFrom, PACKAGES, packagesOfSide } from "./packages/repo-tools/src/layers.mjs";

const OURS = "^(packages|apps|notebooks)/";
const TESTS = "[.]test[.]tsx?$|/(testing|e2e)/|^notebooks/";
const anyOf = (names) => (names.length === 0 ? "(?!)" : `(${names.join("|")})`);

const layers = [
  ...PACKAGES.map(({ name }) => ({
    from: { path: `^packages/${name}/` },
    to: { path: `^packages/${anyOf([name, ...importableFrom(name)])}/` },
  })),
  ...APPS.flatMap(({ name, side, apps }) => [
    { from: { path: `^apps/${name}/` }, to: { path: `^packages/${anyOf(packagesOfSide(side))}/` } },
    { from: { path: `^apps/${name}/` }, to: { path: `^apps/${anyOf([name, ...apps])}/` } },
  ]),
];

export default {
  allowed: [
    ...layers,
    { from: { path: OURS }, to: { pathNot: OURS } },
    { from: { path: "^packages/repo-tools/" }, to: { path: "^packages/repo-tools/" } },
    { from: { path: "^notebooks/" }, to: { path: "^notebooks/|^packages/contract/" } },
    // The runner of the notebooks starts the server that they talk to.
    { from: { path: "^notebooks/run-notebooks" }, to: { path: "^apps/server/|^packages/model-library/" } },
    // The browser tests start the real server.
    { from: { path: "^apps/web/e2e/" }, to: { path: "^apps/(web|server)/|^packages/" } },
  ],
  allowedSeverity: "error",
  forbidden: [
    {
      name: "no-circular",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    { name: "not-resolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
    {
      name: "runtime-has-one-door",
      comment: "Exactly one file knows ONNX Runtime; everything else sees an interface.",
      severity: "error",
      from: { pathNot: "^packages/runtime/src/onnx-runtime[.]ts$" },
      to: { path: "node_modules/onnxruntime-(node|common|web)/" },
    },
    {
      name: "react-is-a-skin",
      comment: "State and geometry are plain TypeScript.",
      severity: "error",
      from: { path: OURS, pathNot: "^packages/charts/src/react/|^apps/web/" },
      to: { path: "node_modules/(@types/)?(react|react-dom|next)/" },
    },
    {
      name: "analysis-sees-an-interface",
      comment: "Analyses take the forward-pass interface; only their tests run a real engine.",
      severity: "error",
      from: { path: "^packages/analysis/", pathNot: TESTS },
      to: { path: "^packages/(runtime|store|model-library)/" },
    },
    {
      name: "no-test-in-sources",
      severity: "error",
      from: { path: OURS, pathNot: TESTS },
      to: { path: "[.]test[.]tsx?$|/(testing|e2e)/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^apps/[^/]+/(dist|out|[.]next)/|[.]css$" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["types", "import", "require", "node", "default"],
    },
  },
};
