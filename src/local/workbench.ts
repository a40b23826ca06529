import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { GitHubStandIn } from "./github-stand-in.ts";
import { keyOf } from "./stand-in/received.ts";

/** A request below `/_local`. */
export interface WorkbenchCall {
	readonly method: string;
	/** Without `/_local`. */
	readonly path: string;
	readonly query: URLSearchParams;
	readonly body: string;
}

export interface WorkbenchAnswer {
	readonly status: number;
	/** As JSON. */
	readonly body: unknown;
}

/** Answers what the console page asks of the local host alone, and the real host does not know. */
export type Workbench = (call: WorkbenchCall) => WorkbenchAnswer;

const SCHEMAS = join(import.meta.dirname, "../event/schemas");

/**
 * | Asked | Answered |
 * | --- | --- |
 * | `GET /_local` | `{ standIn: { faultsLeft, taken } | null }` |
 * | `GET /_local/samples` | `[{ type, event }]`: an event of every known type, in CloudEvents 1.0 |
 * | `GET /_local/dispatches?key=` | what the stand-in has taken under that `bridge.key` |
 * | `POST /_local/faults` | replaces the stand-in's script, as `POST /_script` does |
 * @param standIn undefined where dispatches go elsewhere
 */
export function createWorkbench(standIn: Pick<GitHubStandIn, "received" | "script"> | undefined): Workbench {
	function setFaults(body: string): WorkbenchAnswer {
		if (standIn === undefined)
			return {
				status: 404,
				body: { error: "no stand-in for GitHub is running here, so its answers cannot be changed" },
			};
		try {
			return { status: 200, body: { faults: standIn.script.set(JSON.parse(body)) } };
		} catch (error) {
			return { status: 400, body: { error: (error as Error).message } };
		}
	}

	return ({ method, path, query, body }) => {
		switch (`${method} ${path}`) {
			case "GET ":
				return {
					status: 200,
					body: {
						standIn:
							standIn === undefined ? null : { faultsLeft: standIn.script.left(), taken: standIn.received.length },
					},
				};
			case "GET /samples":
				return { status: 200, body: readSamples() };
			case "GET /dispatches":
				return { status: 200, body: standIn?.received.filter((one) => keyOf(one) === query.get("key")) ?? [] };
			case "POST /faults":
				return setFaults(body);
			default:
				return { status: 404, body: { error: `${method} /_local${path} does not exist` } };
		}
	};
}

/** The examples in the event schemas, one for each known type. */
function readSamples(): readonly { readonly type: string; readonly event: object }[] {
	return readdirSync(SCHEMAS)
		.sort()
		.flatMap((file) => {
			const { title, examples } = JSON.parse(readFileSync(join(SCHEMAS, file), "utf8")) as {
				title: string;
				examples: readonly object[];
			};
			return examples.map((example) => ({ type: title, event: { specversion: "1.0", ...example } }));
		});
}
