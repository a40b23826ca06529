import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { CliError } from "../cli-error.ts";
import type { Io } from "../io.ts";

/** What a deployed app is like, as far as the Azure CLI may tell. */
export interface AppFacts {
	readonly url: string;
	/** Undefined where the caller may not list keys. */
	readonly key: string | undefined;
	readonly eventGridKey: string | undefined;
	/** Undefined where the caller may not read them. */
	readonly settings: Readonly<Record<string, string>> | undefined;
}

const run = promisify(execFile);
/** cmd.exe, which runs az on Windows, reads nothing else into these. */
const NAME = /^[\w.()-]{1,90}$/;

/** Asks the Azure CLI about a function app, with the account of `az login`. */
export async function askAzure(app: string, group: string, env: Io["env"]): Promise<AppFacts> {
	for (const name of [app, group])
		if (!NAME.test(name)) throw new CliError(`"${name}" is not a name that Azure allows`, 2);
	const place = ["--name", app, "--resource-group", group];
	const az = async (...args: string[]) => {
		const options = { env: env as NodeJS.ProcessEnv, shell: process.platform === "win32", maxBuffer: 16 * 1024 * 1024 };
		return JSON.parse((await run("az", [...args, ...place, "--output", "json"], options)).stdout) as unknown;
	};
	const shown = (await az("functionapp", "show").catch((error: unknown) => {
		throw new CliError(explain(error, app), 1);
	})) as { defaultHostName?: string; properties?: { defaultHostName?: string } };
	const host = shown.defaultHostName ?? shown.properties?.defaultHostName;
	if (host === undefined)
		throw new CliError(`az does not report the address of ${app}; give the address with --url`, 1);
	const keys = (await az("functionapp", "keys", "list").catch(() => ({}))) as {
		functionKeys?: Record<string, string>;
		systemKeys?: Record<string, string>;
	};
	const listed = (await az("functionapp", "config", "appsettings", "list").catch(() => undefined)) as
		| readonly { name: string; value: string | null }[]
		| undefined;
	return {
		url: `https://${host}`,
		key: keys.functionKeys?.["default"] ?? Object.values(keys.functionKeys ?? {})[0],
		eventGridKey: keys.systemKeys?.["eventgrid_extension"],
		settings: listed && Object.fromEntries(listed.map(({ name, value }) => [name, value ?? ""])),
	};
}

function explain(error: unknown, app: string): string {
	const { code, stderr = "", message } = error as { code?: string | number; stderr?: string; message: string };
	if (code === "ENOENT") return "the Azure CLI (az) is not installed; install it, or give the app's address with --url";
	const said = stderr.split("\n").find((line) => line.trim() !== "") ?? message;
	return `az could not show ${app}: ${said.replace(/^ERROR:\s*/, "")}`;
}
