import type { Destination } from "../../model.ts";
import type { RouteTo } from "../../route/route.ts";
import type { Client, ClientOptions, ConfiguredService, Service } from "../destination.ts";
import { hasPages } from "../service-settings.ts";
import { createGitHub } from "./github.ts";
import {
	buildDispatch,
	dispatchPath,
	payloadProblem,
	type RepositoryDispatch,
	resolveDispatch,
} from "./repository-dispatch.ts";
import { webOf } from "./runs.ts";
import { type GitHubConfig, readGitHubConfig } from "./settings.ts";
import { openTokens } from "./tokens.ts";
import {
	buildWorkflow,
	isWorkflow,
	resolveWorkflow,
	WORKFLOW_LIMITS,
	workflowPath,
	workflowProblems,
} from "./workflow-dispatch.ts";

/** GitHub: deliveries that start workflows. */
export const github: Service = {
	name: "github",
	owns: ({ repository }) => typeof repository === "string",
	problemsOf(to) {
		const ofForm = isWorkflow(to) ? workflowProblems : { payload: payloadProblem };
		const checks = { repository: () => repositoryProblem(to.repository ?? ""), ...ofForm };
		return Object.entries(checks).flatMap(([member, check]) => {
			const problem = check(to);
			return problem === undefined ? [] : [{ member, problem }];
		});
	},
	resolve: (to, eventType) => (isWorkflow(to) ? resolveWorkflow(to) : resolveDispatch(to, eventType)),
	configure: (settings, routes) => configured(readGitHubConfig(settings, routes)),
};

function configured(config: GitHubConfig): ConfiguredService {
	const { token, ...policy } = config;
	// The path of an Enterprise Server's API.
	const isEnterpriseServer = config.address.endsWith("/api/v3");
	const mostInputs = isEnterpriseServer ? WORKFLOW_LIMITS.inputsOnEnterpriseServer : WORKFLOW_LIMITS.inputs;
	return {
		...policy,
		name: github.name,
		owns: github.owns,
		problemsOf: github.problemsOf,
		laneOf: (to) => laneOf(token.kind, to),
		build: (to, event, facts) =>
			isWorkflow(to)
				? buildWorkflow(to, event, facts, mostInputs)
				: buildDispatch(to as RepositoryDispatch, event, facts),
		requestLine: (to) => `POST ${config.address}${isWorkflow(to) ? workflowPath(to) : dispatchPath(to)}`,
		pageOf: (to) => runsPage(config.address, to),
		open: (options) => open(config, options),
	};
}

function open(config: GitHubConfig, { version, fetch, now, sleep, timeoutMs }: ClientOptions): Client {
	const apiUrl = config.address;
	const load = () => import("./octokit.ts");
	const loadSend = async () => (await load()).createSend({ apiUrl, userAgent: `grid-dispatch/${version}`, fetch });
	const reach = { apiUrl, loadSend, now };
	return createGitHub({ ...reach, tokens: openTokens(config.token, { ...reach, sleep }), sleep, timeoutMs });
}

/**
 * The lane of a destination: one for each token, since GitHub limits tokens. An app has a token for each owner that has
 * installed it.
 */
export function laneOf(kind: GitHubConfig["token"]["kind"], { repository = "", token }: RouteTo): string {
	if (token !== undefined) return `token-${token.toLowerCase()}`;
	return kind === "app" ? `app-${repository.toLowerCase().replace(/\/.*/, "")}` : "default";
}

/**
 * The page of GitHub that lists the runs which a destination's dispatches have started.
 * @param apiUrl GitHub's API: api.github.com, https://HOST/api/v3 of Enterprise Server, https://api.SUBDOMAIN.ghe.com
 * @returns null where the address has no pages
 */
export function runsPage(apiUrl: string, to: Destination): string | null {
	if (!hasPages(apiUrl)) return null;
	const actions = `${webOf(apiUrl)}/${to["repository"]}/actions`;
	if (!isWorkflow(to)) return `${actions}?query=event%3Arepository_dispatch`;
	const { workflow } = to;
	// A page is found by the name of the file alone.
	const isId = /^\d+$/.test(workflow);
	return isId ? `${actions}?query=event%3Aworkflow_dispatch` : `${actions}/workflows/${encodeURIComponent(workflow)}`;
}

/** Owners of managed accounts have an underscore; `.` and `..` would lead elsewhere in a URL and are no names. */
const REPOSITORY = /^[A-Za-z0-9][A-Za-z0-9_-]*\/(?!\.{1,2}$)[A-Za-z0-9._-]+$/;

/** Whether a text is `owner/name`, as GitHub writes it. */
export function isRepository(text: string): boolean {
	return repositoryProblem(text) === undefined;
}

/** Why a text is not `owner/name`, with the repair; undefined where it is. */
export function repositoryProblem(text: string): string | undefined {
	// GitHub allows no name that ends so, and answers 404.
	const name = text.replace(/\.git$/i, "");
	if (!REPOSITORY.test(name)) return `"${text}" is not owner/name, such as contoso/fraud-model`;
	return name === text ? undefined : `"${text}" ends in .git, which only its clone address does; write ${name}`;
}
