import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser } from "playwright-core";

/** Its driver is a package of test/package.json. */
const require = createRequire(new URL("../test/package.json", import.meta.url));

const PLACES = ["/usr/bin/chromium", "/usr/bin/google-chrome", "/usr/bin/chromium-browser"];
/** A browser that is left alone: no sandbox, which root has no use of, and no calls of its own. */
const ARGS = [
	"--no-sandbox",
	"--disable-gpu",
	"--disable-quic",
	"--no-first-run",
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-sync",
];

/** The browser of the page's tests and pictures: where it is, undefined where it is missing, and how to get it. */
export const CHROMIUM = {
	name: "Chromium",
	path: [process.env["CHROMIUM"] ?? "", ...PLACES].find((path) => path !== "" && existsSync(path)),
	get: "install Debian's package chromium, or let CHROMIUM name a Chromium",
};

/** @param origin one that leads to this machine, and counts as one with HTTPS does */
export function startBrowser(executablePath: string, origin?: string): Promise<Browser> {
	const asInAzure =
		origin === undefined
			? []
			: [
					`--host-resolver-rules=MAP ${new URL(origin).hostname} 127.0.0.1`,
					`--unsafely-treat-insecure-origin-as-secure=${origin}`,
				];
	const { chromium } = require("playwright-core") as typeof import("playwright-core");
	return chromium.launch({ executablePath, args: [...ARGS, ...asInAzure] });
}
