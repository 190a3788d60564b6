import path from "node:path";
import type { NextConfig } from "next";

// The workbench builds on machines without a network, and tells nobody that it did.
process.env.NEXT_TELEMETRY_DISABLED = "1";

const config: NextConfig = {
  output: "export",
  images: { unoptimized: true },
  reactStrictMode: true,
  poweredByHeader: false,
  devIndicators: false,
  transpilePackages: [
    "@patchbay/charts",
    "@patchbay/circuit-graph",
    "@patchbay/contract",
    "@patchbay/vocabulary",
    "@patchbay/workbench-state",
  ],
  turbopack: { root: path.join(import.meta.dirname, "../..") },
};

export default config;
