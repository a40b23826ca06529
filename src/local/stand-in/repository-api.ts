import { type Answer, type Call, workflowIn } from "./calls.ts";
import {
	checkDispatch,
	checkWorkflowDispatch,
	dispatchError,
	githubError,
	isAnswer,
	notAccessible,
	tagged,
	type WorkflowDispatchBody,
} from "./github-rules.ts";
import type { Received } from "./received.ts";
import {
	LISTENING,
	type Permissions,
	readRepositories,
	refIn,
	type StandInRepository,
	workflowTaking,
} from "./repository.ts";
import { contentsAnswer, repositoryAnswer, workflowAnswer, workflowsAnswer } from "./repository-answers.ts";
import { runAnswer, runDetails, runsAnswer } from "./run-answers.ts";
import type { RunPlan } from "./runs.ts";
import type { Taken } from "./taken.ts";
import { checkInputs, listenersTo, titleOf, type Workflow, workflowsOf } from "./workflows.ts";

/** A call about a repository that exists. */
export type RepositoryCall = Call & { readonly repository: string; readonly below: string };

/** From this API version on a workflow dispatch is always answered with its run. */
const DETAILS_SINCE = "2026-03-10";

/** GitHub's API below `/repos/{owner}/{repo}`: both dispatches, and what a reader of the repository is shown. */
export class RepositoryApi {
	private repositories: readonly StandInRepository[] = [];
	/** Workflows that dispatches have named in repositories that were not described, by repository. */
	private readonly assumed = new Map<string, Record<string, string>>();
	private readonly taken: Taken;

	constructor(taken: Taken) {
		this.taken = taken;
	}

	/**
	 * Replaces what is shown: one repository or an array of them, as JSON.
	 * @returns how many
	 * @throws TypeError naming what is wrong
	 */
	set(value: unknown): number {
		this.repositories = readRepositories(value);
		this.assumed.clear();
		return this.repositories.length;
	}

	/** @param plan what becomes of the runs of a dispatch, where the script's step for this call says so */
	answer(call: RepositoryCall, plan?: RunPlan): Answer {
		const shown = this.shown(call.repository);
		const { workflow, part } = workflowIn(call.below);
		const isDispatch = call.method === "POST" && (call.below === "/dispatches" || part === "dispatches");
		if (!isDispatch && call.method !== "GET") return githubError(404, "Not Found");
		const refused = refuse(shown, ...neededFor(call.method, call.below));
		if (refused !== undefined) return refused;
		if (!isDispatch) {
			const body = this.look(call, shown);
			return body === undefined ? githubError(404, "Not Found") : tagged({ status: 200, body });
		}
		if (shown.archived === true) return githubError(403, "Repository was archived so is read-only.");
		return workflow === undefined ? this.dispatch(call, shown, plan) : this.run(call, shown, workflow, plan);
	}

	/** What every answer to a call with the token of a repository tells about it. */
	headers(repository: string): Readonly<Record<string, string>> {
		const { token = {} } = this.shown(repository);
		return {
			...expiryHeader(token.expiresAt),
			...(token.scopes === undefined ? {} : { "x-oauth-scopes": token.scopes.join(", ") }),
		};
	}

	private described(name: string): StandInRepository | undefined {
		return (
			this.repositories.find(({ repository }) => repository?.toLowerCase() === name.toLowerCase()) ??
			this.repositories.find(({ repository }) => repository === undefined)
		);
	}

	private shown(name: string): StandInRepository {
		const workflows = { ...LISTENING.workflows, ...this.assumed.get(name.toLowerCase()) };
		return this.described(name) ?? { ...LISTENING, workflows };
	}

	private look(call: RepositoryCall, shown: StandInRepository): unknown {
		const { repository, below, query, url, at } = call;
		const question = { url, fullName: repository, shown, query, now: at };
		if (below === "") return repositoryAnswer(url, repository, shown);
		if (below === "/actions/permissions") return { enabled: shown.actions ?? true, allowed_actions: "all" };
		if (below === "/actions/workflows") return workflowsAnswer(url, repository, shown, query);
		if (below === "/actions/runs") return runsAnswer(question, this.taken.runs.seen(repository, at));
		const [, id] = /^\/actions\/runs\/(\d+)$/.exec(below) ?? [];
		const run = id === undefined ? undefined : this.taken.runs.one(repository, Number(id), at);
		if (run !== undefined) return runAnswer(question, run);
		const { workflow, part } = workflowIn(below);
		const found = workflow === undefined ? undefined : find(shown, workflow);
		if (found !== undefined) {
			if (part === "") return workflowAnswer(url, repository, shown, found);
			const ofWorkflow = this.taken.runs.seen(repository, at).filter(({ of }) => of.path === found.path);
			return part === "runs" ? runsAnswer(question, ofWorkflow) : undefined;
		}
		const path = /^\/contents(?:\/(.*))?$/.exec(below);
		return path === null ? undefined : contentsAnswer(url, repository, decodeURIComponent(path[1] ?? ""), shown);
	}

	/** A repository dispatch. */
	private dispatch(call: RepositoryCall, shown: StandInRepository, plan: RunPlan | undefined): Answer {
		const checked = checkDispatch(call);
		if (isAnswer(checked)) return checked;
		const { event_type, client_payload } = checked;
		const dispatch = this.receive(call, { ...checked });
		const ref = shown.defaultBranch ?? "main";
		const context = { github: { event: { action: event_type, client_payload }, ref_name: ref } };
		const listeners = shown.actions === false ? [] : listenersTo(shown, event_type);
		this.taken.start(
			dispatch,
			// GitHub's title for a dispatch is its type.
			listeners.map((of) => ({ of, title: titleOf(of, context, event_type), ref })),
			call,
			plan,
		);
		return { status: 204 };
	}

	/** A workflow dispatch. */
	private run(call: RepositoryCall, shown: StandInRepository, name: string, plan: RunPlan | undefined): Answer {
		const body = checkWorkflowDispatch(call);
		const found = this.findOrAssume(call.repository, shown, name, body);
		if (found === undefined) return githubError(404, "Not Found");
		if (shown.actions === false) return dispatchError("Actions has been disabled for this repository.");
		if (found.state !== "active") return dispatchError("Cannot trigger a 'workflow_dispatch' on a disabled workflow");
		if (isAnswer(body)) return body;
		const ref = refIn(shown, body.ref);
		if (ref === undefined) return dispatchError(`No ref found for: ${body.ref}`);
		const checked = checkInputs(found, body.inputs ?? {});
		if ("problem" in checked) return dispatchError(checked.problem);
		const dispatch = this.receive(call, { workflow: found.file, ...body });
		const context = { github: { event: { inputs: checked.inputs }, ref_name: ref }, inputs: checked.inputs };
		const title = titleOf(found, context, found.name);
		const [run] = this.taken.start(dispatch, [{ of: found, title, ref }], call, plan);
		const isAsked = body.return_run_details === true || call.headers["x-github-api-version"] === DETAILS_SINCE;
		if (!isAsked || run === undefined) return { status: 204 };
		return { status: 200, body: runDetails(call.url, call.repository, run.id) };
	}

	private findOrAssume(
		repository: string,
		shown: StandInRepository,
		name: string,
		body: WorkflowDispatchBody | Answer,
	): Workflow | undefined {
		const found = find(shown, name);
		const isAssumed = this.described(repository) === undefined && /\.ya?ml$/.test(name) && found?.file !== "listen.yml";
		if (!isAssumed) return found;
		const inputs = isAnswer(body) ? [] : Object.keys(body.inputs ?? {});
		const files = { ...this.assumed.get(repository.toLowerCase()), [name]: workflowTaking(inputs) };
		this.assumed.set(repository.toLowerCase(), files);
		return find(this.shown(repository), name);
	}

	private receive({ at, repository, headers }: RepositoryCall, body: Partial<Received>): Received {
		const { authorization: _secret, ...rest } = headers;
		return this.taken.receive({ at: new Date(at).toISOString(), repository, ...body, headers: rest });
	}
}

/** By its file or its id. */
function find(shown: StandInRepository, name: string): Workflow | undefined {
	return workflowsOf(shown).find(({ file, id }) => file === name || String(id) === name);
}

/** What each call needs, as GitHub documents it for fine-grained tokens. */
function neededFor(method: string, below: string): readonly [permission: string, access: "read" | "write"] {
	if (method === "POST") return [below === "/dispatches" ? "contents" : "actions", "write"];
	if (below.startsWith("/contents")) return ["contents", "read"];
	if (below.startsWith("/actions/permissions")) return ["administration", "read"];
	return below.startsWith("/actions") ? ["actions", "read"] : ["metadata", "read"];
}

/** What a token lacks: GitHub hides what it may not see at all, and names the permission for the rest. */
function refuse(shown: StandInRepository, permission: string, access: "read" | "write"): Answer | undefined {
	const { permissions, scopes } = shown.token ?? {};
	const isPublic = shown.private === false;
	if (
		scopes !== undefined &&
		!scopes.includes("repo") &&
		!(isPublic && (access === "read" || scopes.includes("public_repo")))
	) {
		return githubError(404, "Not Found");
	}
	if (permissions === undefined || allows(permissions, permission, access)) return undefined;
	if (isPublic && access === "read" && permission !== "administration") return undefined;
	return permission === "metadata" ? githubError(404, "Not Found") : notAccessible(permission, access);
}

function allows(permissions: Permissions, permission: string, access: "read" | "write"): boolean {
	const granted = permissions[permission];
	return granted === "write" || granted === access;
}

/** As GitHub sends it for a personal access token with an expiry. Source: go-github's parseTokenExpiration. */
export function expiryHeader(expiresAt: string | Date | undefined): Readonly<Record<string, string>> {
	if (expiresAt === undefined) return {};
	const [day, time] = new Date(expiresAt).toISOString().split(/[T.]/);
	return { "github-authentication-token-expiration": `${day} ${time} UTC` };
}
