import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { findBicep, GET_BICEP } from "../../scripts/find-bicep.ts";
import type { Tool } from "./describe-with.ts";

const run = promisify(execFile);

export const BICEP: Tool = { name: "Bicep CLI", path: findBicep(), get: GET_BICEP };
export const infra = join(import.meta.dirname, "../../infra");

export const SUBSCRIPTION = "00000000-0000-0000-0000-000000000001";
export const GROUP = `/subscriptions/${SUBSCRIPTION}/resourceGroups/bridge`;

/** A resource as `bicep snapshot` predicts it: what only Azure knows is left as an expression in brackets. */
export interface Resource {
	readonly id: string;
	readonly type: string;
	readonly name: string;
	readonly condition?: string;
	readonly location?: string;
	readonly tags?: Readonly<Record<string, string>>;
	readonly identity?: { readonly type: string };
	readonly sku?: { readonly name: string };
	// biome-ignore lint/suspicious/noExplicitAny: each type of resource has properties of its own
	readonly properties: any;
}

export interface Prediction {
	readonly resources: readonly Resource[];
	readonly outputs: Readonly<Record<string, unknown>>;
}

/** The compiled entries, which are predicted in half the time. A test holds them to their sources: `npm run infra`. */
const COMPILED: Readonly<Record<string, string>> = {
	"main.bicep": "azuredeploy.json",
	"subscribe.bicep": "subscribe.json",
};

/** What a deployment of an entry with these parameters would make. Rejects with Bicep's own words. */
export async function predict(parameters: object, entry = "main.bicep", group = "bridge"): Promise<Prediction> {
	const folder = mkdtempSync(join(tmpdir(), "bicep-"));
	try {
		const using = relative(folder, join(infra, COMPILED[entry] ?? entry)).replaceAll("\\", "/");
		const lines = Object.entries(parameters).map(([name, value]) => `param ${name} = ${literal(value)}`);
		writeFileSync(join(folder, "main.bicepparam"), [`using '${using}'`, ...lines, ""].join("\n"));
		await bicep("snapshot", join(folder, "main.bicepparam"), "--mode", "overwrite", ...whereIs(group));
		const snapshot = JSON.parse(readFileSync(join(folder, "main.snapshot.json"), "utf8"));
		return { resources: snapshot.predictedResources, outputs: snapshot.outputs };
	} finally {
		rmSync(folder, { recursive: true });
	}
}

const TENANT = "00000000-0000-0000-0000-0000000000aa";
const whereIs = (group: string) => [
	...["--tenant-id", TENANT, "--subscription-id", SUBSCRIPTION],
	...["--resource-group", group, "--location", "westeurope"],
];

/** Runs the Bicep CLI; resolves with all that it printed. */
export async function bicep(...args: string[]): Promise<string> {
	const { stdout, stderr } = await run(BICEP.path ?? "bicep", args, { maxBuffer: 64 * 2 ** 20 });
	return stdout + stderr;
}

/** A value as Bicep writes it. */
function literal(value: unknown): string {
	if (typeof value === "string")
		return `'${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'").replaceAll("$", "\\$")}'`;
	if (Array.isArray(value)) return `[\n${value.map(literal).join("\n")}\n]`;
	if (typeof value !== "object" || value === null) return String(value);
	return `{\n${Object.entries(value)
		.map(([key, member]) => `${literal(key)}: ${literal(member)}`)
		.join("\n")}\n}`;
}
