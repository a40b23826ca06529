// @ts-check
/** The Azure CLI, as `subscribe.mjs` and `unsubscribe.mjs` use it. */
import { spawnSync } from "node:child_process";

/** A failure whose message explains everything. No stack trace is printed. */
export class Failure extends Error {}

/**
 * @typedef {object} Az
 * @property {(...args: string[]) => string} run what a command prints
 * @property {(...args: string[]) => any} json the same, read as JSON
 * @property {(url: string) => { id: string, name: string }[]} list all pages of a list: Event Grid's have 20 entries
 */

/**
 * Each of its functions throws a Failure if az fails or prints something else.
 * @param {string | undefined} subscription
 * @returns {Az}
 */
export function azIn(subscription) {
	/** @param {string[]} args */
	function run(...args) {
		const all = [...args, ...(subscription ? ["--subscription", subscription] : []), "--output", "json"];
		const { error, status, stdout, stderr } = runAz(all);
		const missing = /** @type {NodeJS.ErrnoException | undefined} */ (error)?.code === "ENOENT";
		if (missing || /is not recognized as an internal/.test(stderr ?? ""))
			throw new Failure(
				"The Azure CLI (az) is missing. Install it: https://learn.microsoft.com/cli/azure/install-azure-cli",
			);
		const why = error?.message ?? (stderr.trim() || `Exit code ${status}`);
		if (status !== 0) throw new Failure(`${nameOf(args)} failed. ${why}`);
		return stdout.trim();
	}

	/** @param {string[]} args */
	function json(...args) {
		const printed = run(...args);
		try {
			return JSON.parse(printed);
		} catch {
			throw new Failure(`${nameOf(args)} printed no JSON: ${printed.slice(0, 200) || "nothing"}`);
		}
	}

	/** @param {string} url */
	function list(url) {
		const found = [];
		for (let next = url; next; ) {
			const page = json("rest", "--method", "get", "--url", next);
			if (!Array.isArray(page?.value)) throw new Failure(`${url} is no list: ${JSON.stringify(page).slice(0, 200)}`);
			found.push(...page.value);
			next = page.nextLink;
		}
		return found;
	}

	return { run, json, list };
}

/** @param {readonly string[]} args */
const nameOf = (args) => `az ${args.slice(0, 3).join(" ")}`;

/**
 * On Windows az is a batch file, which only a shell runs: each argument in quotes, and none that would end them.
 * @param {readonly string[]} args
 */
function runAz(args) {
	const options = /** @type {const} */ ({ encoding: "utf8", maxBuffer: 64_000_000, windowsHide: true });
	if (process.platform !== "win32") return spawnSync("az", args, options);
	const unsafe = args.find((arg) => /["%\r\n]/.test(arg));
	if (unsafe !== undefined)
		throw new Failure(
			`cmd.exe cannot pass this argument on correctly, because of a quote, a percent sign or a line break: ${unsafe}`,
		);
	return spawnSync(`az ${args.map((arg) => `"${arg}"`).join(" ")}`, { ...options, shell: true });
}
