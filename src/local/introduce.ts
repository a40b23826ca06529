import { isAbsolute, join, relative, resolve, sep } from "node:path";
import { USUAL_PORT } from "../config/settings.ts";
import { isObject } from "../event/json.ts";
import { plain } from "../log.ts";
import type { LocalSetup } from "./environment.ts";
import type { FunctionsHost } from "./functions-host.ts";
import { say } from "./print-line.ts";

/** The part of `GET /api/health` that a person needs at the start. */
export interface StartingHealth {
	/** Empty where health does not answer. */
	readonly version: string;
	readonly problems: readonly { readonly setting: string; readonly problem: string }[];
	readonly warnings: readonly string[];
}

/** Storage that does not answer is waited for some seconds a call. */
const TIMEOUT_MS = 30_000;

/**
 * Asks the bridge how it is. Where it does not answer as it should, whatever the reason, that is a problem with its
 * repair, and the bridge goes on running: its log says more, and its storage can be looked into.
 */
export async function askHealth(url: string, fetch = globalThis.fetch): Promise<StartingHealth> {
	try {
		const response = await fetch(`${url}/api/health`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
		const health: unknown = await response.json().catch(() => undefined);
		if (isObject(health) && Array.isArray(health["problems"]) && Array.isArray(health["warnings"])) {
			return { ...health, version: String(health["version"] ?? "") } as StartingHealth;
		}
		return failed(`answered ${response.status}`);
	} catch (error) {
		return failed(`did not answer: ${(error as Error).message}`);
	}
}

function failed(what: string): StartingHealth {
	const repair =
		"look at the log for the cause; if the storage holds rows that cannot be read, use another storage, or remove Azurite's data to start with empty storage";
	return { version: "", problems: [{ setting: "GET /api/health", problem: `${what}: ${repair}` }], warnings: [] };
}

/** Says where everything is, what was not used, and what has to be repaired. */
export async function introduce({ url, port, functions }: FunctionsHost, setup: LocalSetup): Promise<void> {
	const { problems, warnings, version } = await askHealth(url);
	const where = setup.standIn ? `the GitHub stand-in, ${setup.apiUrl}` : setup.apiUrl;
	const storage =
		setup.storage === undefined ? `Azurite, in ${dataFolder(port)}` : "the account of AzureWebJobsStorage";
	say(`grid-dispatch ${version}

  console     ${url}/
  events      ${url}/api/events
  health      ${url}/api/health
  functions   ${functions.map(({ name }) => name).join(", ")}
  dispatches  to ${plain(routedTo(process.env))} at ${plain(where)}
  storage     ${storage}
${setup.standIn ? `  received    ${setup.apiUrl}/_received\n` : ""}`);
	for (const note of [...setup.notes, ...warnings]) say(`note: ${plain(note)}`);
	for (const { setting, problem } of problems) say(`repair: ${plain(`${setting} ${problem}`)}`);
	say(`Send the first event:

  npx grid-dispatch send RunCompleted${port === USUAL_PORT ? "" : ` --url ${url}`}
`);
}

/** Where the bridge dispatches to: the routes of a file, which is named, or of a setting, or the one repository. */
export function routedTo(
	{ BRIDGE_ROUTES: routes = "", GITHUB_REPOSITORY: repository }: Readonly<Record<string, string | undefined>>,
	folder = process.cwd(),
): string {
	const setting = routes.trim();
	if (setting === "") return repository ?? "no repository";
	if (/^[{[]/.test(setting)) return "the destinations in BRIDGE_ROUTES";
	const path = relative(folder, resolve(folder, setting));
	const isElsewhere = path === "" || isAbsolute(path) || path.split(sep)[0] === "..";
	return `the destinations in ${isElsewhere ? setting : path}`;
}

/** Where Azurite keeps its data, from the root of the repository. */
export function dataFolder(port: number): string {
	return join(".azurite", String(port));
}
