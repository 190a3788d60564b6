import { spawn } from "node:child_process";

/** Opens the address with the system's own opener; where there is none, the printed address must do. */
export function openBrowser(url: string): void {
  const [command, ...args] = openerOf(process.platform, url);
  const child = spawn(command, args, { detached: true, stdio: "ignore" });
  child.once("error", (error) =>
    process.stderr.write(`The browser could not be opened (${error.message}); open ${url}\n`),
  );
  child.unref();
}

function openerOf(platform: NodeJS.Platform, url: string): [string, ...string[]] {
  if (platform === "darwin") return ["open", url];
  if (platform === "win32") return ["cmd", "/c", "start", "", url];
  return ["xdg-open", url];
}
