import type { Classification, Run } from "../../model.ts";
import type { Answered } from "../service-response.ts";
import type { ApiRequest } from "./call-github.ts";
import { readRunId, readRunUrl } from "./runs.ts";
import { askedOf, type WorkflowDispatch, workflowPath } from "./workflow-dispatch.ts";

/** Makes one call with the destination's token, repeats after a 401 included. */
export type Ask = (request: Omit<ApiRequest, "token">) => Promise<Answered>;

/** An answer that may name the run. */
export type AnsweredWithRun = Answered & { readonly run?: Run | undefined };

/**
 * Sends workflow dispatches to one address. It learns what the server does not take, and for some minutes each
 * repository's default branch.
 */
export function createWorkflowSender(apiUrl: string, now: () => number) {
	/** Default branches, by repository in lower case. */
	const branches = new Map<string, { readonly branch: string; readonly at: number }>();
	let asksForRun = true;

	async function branchOf({ repository }: WorkflowDispatch, ask: Ask): Promise<string | Answered> {
		const name = repository.toLowerCase();
		const known = branches.get(name);
		if (known !== undefined && Math.abs(now() - known.at) < BRANCH_MS) return known.branch;
		const asked = { permission: "Metadata: read", what: "such repository" };
		const answered = await ask({ method: "GET", path: `/repos/${repository}`, reads: true, asked });
		const branch = (answered.json as { default_branch?: unknown } | null | undefined)?.default_branch;
		const isName = typeof branch === "string" && branch !== "" && branch.length <= MOST_BRANCH_CHARACTERS;
		if (answered.classification.kind !== "taken" || !isName) {
			return { ...answered, classification: withoutBranch(answered.classification) };
		}
		branches.set(name, { branch, at: now() });
		return branch;
	}

	/** An Enterprise Server that is too old for `return_run_details` refuses it, and is asked without from then on. */
	async function post(to: WorkflowDispatch, body: string, ask: Ask): Promise<Answered> {
		const send = (text: string) => ask({ method: "POST", path: workflowPath(to), body: text, asked: askedOf(to) });
		if (!asksForRun) return send(withoutDetails(body));
		const first = await send(body);
		if (!refusesDetails(first)) return first;
		const second = await send(withoutDetails(body));
		asksForRun = second.classification.kind !== "taken";
		return second;
	}

	async function toDefaultBranch(to: WorkflowDispatch, body: string, ask: Ask): Promise<Answered> {
		const wasKnown = branches.has(to.repository.toLowerCase());
		const branch = await branchOf(to, ask);
		if (typeof branch !== "string") return branch;
		const answered = await post(to, withRef(body, branch), ask);
		if (!isRefGone(answered)) return answered;
		branches.delete(to.repository.toLowerCase());
		const newer = wasKnown ? await branchOf(to, ask) : branch;
		return typeof newer !== "string" || newer === branch ? answered : post(to, withRef(body, newer), ask);
	}

	return async (to: WorkflowDispatch, body: string, ask: Ask): Promise<AnsweredWithRun> => {
		const answered = await (to.ref === undefined ? toDefaultBranch(to, body, ask) : post(to, body, ask));
		const run = answered.classification.kind === "taken" ? readRun(answered.json, to, apiUrl) : undefined;
		return { ...answered, run };
	};
}

const MOST_BRANCH_CHARACTERS = 250;
/** A repository can get another default branch, and keep the former one. */
const BRANCH_MS = 5 * 60_000;

/** Nothing was dispatched, whatever became of the look, and the request is not to blame. */
function withoutBranch(classification: Classification): Classification {
	if (classification.kind === "taken") {
		return { kind: "unavailable", reason: "GitHub names no default branch; give the route a ref" };
	}
	if (classification.kind === "uncertain") return { ...classification, kind: "transient" };
	return classification.kind === "permanent" ? { ...classification, kind: "unavailable" } : classification;
}

function refusesDetails({ response, text }: Answered): boolean {
	const isRefusal = response?.status === 400 || response?.status === 422;
	return isRefusal && response.body === "json" && text?.includes("return_run_details") === true;
}

function isRefGone({ response }: Answered): boolean {
	return response?.status === 422 && /^no ref found/i.test(response.message);
}

function withRef(body: string, ref: string): string {
	return JSON.stringify({ ref, ...(JSON.parse(body) as object) });
}

function withoutDetails(body: string): string {
	const { return_run_details: _, ...others } = JSON.parse(body) as Record<string, unknown>;
	return JSON.stringify(others);
}

/** The run that an answer names; none where it names none, or what cannot be one. */
function readRun(data: unknown, { workflow }: WorkflowDispatch, apiUrl: string): Run | undefined {
	const { workflow_run_id, html_url } = (data ?? {}) as Record<string, unknown>;
	const id = readRunId(workflow_run_id);
	if (id === undefined) return undefined;
	const url = readRunUrl(html_url, apiUrl);
	return { id, url, workflow, status: "queued", conclusion: null, attempt: 1, certain: true };
}
