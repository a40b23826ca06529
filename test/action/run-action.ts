import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "@jest/globals";
import { parse } from "yaml";
import { EXAMPLE } from "../examples/workflows.ts";
import { CLIENT, TENANT, type World } from "./world.ts";

export const ACTION = join(EXAMPLE, ".github/actions/receive-event");
export const KEY = "5b9b0976d2f297c5916263f3cd742256";
export const RUN_ID = 4711;
export const CONTAINER = "/grid-dispatch-payloads";
export const MANIFEST_PATH = `${CONTAINER}/manifests/${KEY}.jsonl`;
export const REFERENCE_PATH = `${CONTAINER}/payloads/${KEY}-c494fec9a94a27c8.json`;

interface Definition {
	readonly inputs: Readonly<Record<string, { readonly default?: string; readonly description: string }>>;
	readonly outputs: Readonly<Record<string, { readonly description: string }>>;
	readonly runs: { readonly using: string; readonly main: string };
}

/** action.yml. */
export const definition = parse(readFileSync(join(ACTION, "action.yml"), "utf8")) as Definition;

/** How a run of the action ended. */
export interface Ended {
	readonly ok: boolean;
	/** What it printed, standard error included. */
	readonly printed: string;
	/** Its outputs as the runner reads them; undefined where it has written none. */
	readonly outputs: Readonly<Record<string, string>> | undefined;
	/** The contents of the files that it has left, by the output that names them. */
	readonly files: Readonly<Record<string, string>>;
	/** What is left in the runner's folder. */
	readonly left: readonly string[];
}

/**
 * Runs the action as the runner does: a process of its own, by the Node that runs the tests, with the inputs that the
 * workflow gives and the defaults of action.yml for the others.
 */
export async function runAction(
	world: World,
	payload: unknown,
	inputs: Readonly<Record<string, string>> = {},
	env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
	const folder = mkdtempSync(join(tmpdir(), "receive-event-test-"));
	const given: Record<string, string> = {
		"client-id": CLIENT,
		"tenant-id": TENANT,
		"allowed-hosts": world.host,
		"github-token": "job-token",
		authority: `https://${world.host}`,
		...inputs,
	};
	const output = join(folder, "output");
	const temp = mkdtempSync(join(folder, "temp-"));
	writeFileSync(output, "");
	writeFileSync(
		join(folder, "event.json"),
		`{"action":"x","client_payload":${typeof payload === "string" ? payload : JSON.stringify(payload)}}`,
	);
	const environment: Record<string, string> = {
		PATH: process.env["PATH"] ?? "",
		NODE_EXTRA_CA_CERTS: world.certificateFile,
		...Object.fromEntries(
			Object.entries(definition.inputs).map(([name, { default: value = "" }]) => [
				`INPUT_${name.toUpperCase()}`,
				given[name] ?? value,
			]),
		),
		RUNNER_TEMP: temp,
		GITHUB_OUTPUT: output,
		GITHUB_EVENT_PATH: join(folder, "event.json"),
		GITHUB_EVENT_NAME: "repository_dispatch",
		GITHUB_API_URL: `https://${world.host}/api/v3`,
		GITHUB_SERVER_URL: "https://github.com",
		GITHUB_REPOSITORY: "contoso/articles",
		GITHUB_RUN_ID: String(RUN_ID),
		GITHUB_WORKFLOW_REF: "contoso/articles/.github/workflows/train_model.yml@refs/heads/main",
		ACTIONS_ID_TOKEN_REQUEST_URL: `https://${world.host}/oidc?api-version=2.0`,
		ACTIONS_ID_TOKEN_REQUEST_TOKEN: "runner-token",
		...env,
	};
	try {
		const ended = await start(environment, folder);
		const written = readFileSync(output, "utf8");
		const outputs = written === "" ? undefined : readOutputs(written);
		const files = ["data-file", "manifest-file"].flatMap((name) => {
			const path = outputs?.[name] ?? "";
			return path === "" ? [] : [[name, readFileSync(path, "utf8")]];
		});
		return { ...ended, outputs, files: Object.fromEntries(files), left: readdirSync(temp) };
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

function start(env: Record<string, string>, cwd: string): Promise<{ ok: boolean; printed: string }> {
	return new Promise((resolve) => {
		const main = join(ACTION, definition.runs.main);
		execFile(process.execPath, [main], { env, cwd, timeout: 60_000 }, (error, stdout, stderr) => {
			resolve({ ok: error === null, printed: `${stdout}${stderr}` });
		});
	});
}

/** As the runner reads GITHUB_OUTPUT: `name=value`, or `name<<delimiter` and lines up to the delimiter. */
export function readOutputs(text: string): Record<string, string> {
	const outputs: Record<string, string> = {};
	const lines = text.split("\n");
	for (let at = 0; at < lines.length; at++) {
		const line = lines[at] ?? "";
		if (line === "") continue;
		const [, name = "", delimiter] = /^([^=<]+)<<(.+)$/.exec(line) ?? [];
		if (delimiter === undefined) {
			outputs[line.slice(0, line.indexOf("="))] = line.slice(line.indexOf("=") + 1);
			continue;
		}
		const end = lines.indexOf(delimiter, at + 1);
		if (end < 0) throw new Error(`the value of ${name} has no end`);
		outputs[name] = lines.slice(at + 1, end).join("\n");
		at = end;
	}
	return outputs;
}

/** The commands in what was printed, as the runner would obey them: lines that begin with `::`. */
export function commandsIn(printed: string): string[] {
	return printed.split(/\r?\n/).flatMap((line) => /^\s*::([a-z-]+)(?: [^:]*)?::/.exec(line)?.[1] ?? []);
}

/** Refused: red, with one error and nothing else for the runner to obey, and nothing is left of it. */
export function expectRefused({ ok, printed, outputs, left }: Ended, message: string): void {
	expect({ ok, outputs, left }).toEqual({ ok: false, outputs: undefined, left: [] });
	expect(printed).toContain(`Refused: `);
	expect(printed).toContain(message);
	expect(commandsIn(printed).filter((name) => name !== "add-mask")).toEqual(["error"]);
	expect(printed).not.toMatch(/\n\s+at /);
}

/** A payload of the bridge for one event. */
export function onePayload(changes: Readonly<Record<string, unknown>> = {}) {
	return {
		id: "7a10c300-3d5a-4c17-9e82-b6f04a2d9100",
		type: "Microsoft.MachineLearningServices.RunCompleted",
		source: "/subscriptions/1/workspaces/contoso",
		subject: "experiments/0a7d/runs/train_7",
		time: "2026-03-14T08:15:30.1234567Z",
		data: { experimentName: "fraud-model", runId: "train_7" } as Record<string, unknown>,
		event_source: "MachineLearningServices",
		bridge: { version: "0.1.0", route: "default", key: KEY },
		...changes,
	};
}

/** A payload of the bridge for a window, with what its data has beside the count. */
export function windowPayload(count: number, data: Readonly<Record<string, unknown>>) {
	return onePayload({ id: KEY, type: "Microsoft.Storage.BlobCreated", data: { count, ...data } });
}

/** Some events as a manifest has them. */
export function manifestOf(count: number): string {
	const lines = Array.from({ length: count }, (_, n) =>
		JSON.stringify({
			id: `e${n}`,
			type: "Microsoft.Storage.BlobCreated",
			data: { url: `https://contosodata/${n}.csv` },
		}),
	);
	return lines.map((line) => `${line}\n`).join("");
}
