/**
 * Who may talk to the server.
 *
 * On loopback everybody on this machine may, but a web page that happens to be open in the same browser may not: its
 * requests show in the Host header (DNS rebinding) or in the Origin header (a form or fetch sent across sites). Beyond
 * loopback a token is needed as well.
 */
import { timingSafeEqual } from "node:crypto";
import { PatchbayError } from "@patchbay/vocabulary";
import type { MiddlewareHandler } from "hono";
import { getCookie, setCookie } from "hono/cookie";

export interface AccessRules {
  /** Names under which the server is reached, without port; undefined where any will do, because a token guards it. */
  readonly hosts?: readonly string[] | undefined;
  readonly token?: string | undefined;
}

export const LOOPBACK_HOSTS = ["localhost", "127.0.0.1", "[::1]"] as const;
const COOKIE = "patchbay";
const YEAR_SECONDS = 365 * 24 * 3600;

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
}

export function guardAccess({ hosts, token }: AccessRules): MiddlewareHandler {
  return async (context, next) => {
    const url = new URL(context.req.url);
    const host = context.req.header("host") ?? url.host;
    if (hosts !== undefined && !hosts.includes(hostName(host))) throw foreignHost(host, hosts);
    const origin = context.req.header("origin");
    const changes = context.req.method !== "GET" && context.req.method !== "HEAD";
    if (changes && origin !== undefined && hostOfOrigin(origin) !== host) throw foreignOrigin(origin, host);
    if (token === undefined) return next();

    const offered = url.searchParams.get("token");
    const proofs = [bearer(context.req.header("authorization")), offered, getCookie(context, COOKIE)];
    if (!proofs.some((proof) => proof !== null && proof !== undefined && sameText(proof, token))) throw noToken();
    if (offered !== null) {
      setCookie(context, COOKIE, token, { httpOnly: true, sameSite: "Lax", path: "/", maxAge: YEAR_SECONDS });
      // A page moves on to its address without the token, so that a copied address does not hand it out.
      if (context.req.method === "GET" && !url.pathname.startsWith("/api/")) {
        url.searchParams.delete("token");
        return context.redirect(url.pathname + url.search);
      }
    }
    return next();
  };
}

function hostName(host: string): string {
  return host.replace(/:\d+$/, "").toLowerCase();
}

function hostOfOrigin(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

function bearer(header: string | undefined): string | undefined {
  return /^Bearer (.+)$/i.exec(header ?? "")?.[1];
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function foreignHost(host: string, hosts: readonly string[]): PatchbayError {
  return new PatchbayError("unauthorised", "The server is not reached under this name.", {
    expected: `the host ${hosts.join(", ")}`,
    received: host,
    advice:
      "Open it as http://localhost. To reach it under another name, start it with --host, which asks for a token.",
  });
}

function foreignOrigin(origin: string, host: string): PatchbayError {
  return new PatchbayError("unauthorised", "A page of another site may not change anything here.", {
    expected: `no Origin header, or the origin of ${host}`,
    received: origin,
  });
}

function noToken(): PatchbayError {
  return new PatchbayError("unauthorised", "This server needs its token.", {
    expected: "the header Authorization: Bearer TOKEN, or ?token=TOKEN once in the address",
    received: "none, or another one",
    advice: "The server printed its address with the token when it started.",
  });
}
