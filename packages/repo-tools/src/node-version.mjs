/** The oldest Node that runs Patchbay: 20.19 (`require` of ES modules, which Next.js and dependency-cruiser use). */
export const OLDEST_NODE = { major: 20, minor: 19 };

/** @param {string} version such as "20.19.1" */
export function nodeIsRecentEnough(version) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > OLDEST_NODE.major || (major === OLDEST_NODE.major && minor >= OLDEST_NODE.minor);
}

/** Ends the process with one clear line when this Node is too old. */
export function requireRecentNode() {
  if (nodeIsRecentEnough(process.versions.node)) return;
  process.stderr.write(
    `Patchbay needs Node ${OLDEST_NODE.major}.${OLDEST_NODE.minor} or newer; this is Node ${process.versions.node}. ` +
      "Install a newer one (https://nodejs.org, or `nvm install 22`) and run the same command again.\n",
  );
  process.exit(1);
}
