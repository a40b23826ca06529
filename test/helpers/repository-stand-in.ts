import {
	answerHandshake,
	answerOptions,
	EVENT_GRID_ORIGINS,
	type HandshakeRules,
} from "../../src/functions/handshake.ts";
import { answerEventGridWebhook } from "../../src/local/event-grid-extension.ts";
import { type GitHubStandIn, startGitHubStandIn } from "../../src/local/github-stand-in.ts";
import { readAll, type Server, serve } from "../../src/local/serve.ts";
import type { StandInRepository } from "../../src/local/stand-in/repository.ts";
import { digestOfRoutes } from "../../src/route/route.ts";
import { postJson } from "../../support/call.ts";

/** How GitHub marks an expression. */
const open = "\u0024{{";

/** How a workflow names its runs after the key. */
export const KEY = `${open} github.event.client_payload.bridge.key }}`;

/** A sound workflow that listens to these types. */
export function workflow(types: string, run = 'echo "$RUN"'): string {
	return `name: Train
run-name: Train ${KEY}
on:
  repository_dispatch:
    types: ${types}
jobs:
  train:
    runs-on: ubuntu-latest
    steps:
      - name: Train
        env:
          RUN: ${open} github.event.client_payload.data.runId }}
        run: |
          set -eu
          ${run}
`;
}

/** The payload where it must not stand. */
export const PASTED = `echo "${open} github.event.client_payload.data.runId }}"`;

export const REPOSITORY = "contoso/fraud-model";

/** A repository with nothing to repair, whose token may see and do all that a good one may. */
export const HEALTHY: StandInRepository = {
	repository: REPOSITORY,
	workflows: {
		"train.yml": workflow("[retrain]"),
		"evaluate.yml": workflow("[machinelearningservices-runcompleted]"),
		"ci.yml": "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: npm test\n",
	},
	token: { permissions: { metadata: "read", contents: "write", actions: "read", administration: "read" } },
};

/** The routes that lead to it. */
export const ROUTES = {
	routes: [
		{
			name: "train",
			filter: {
				includedEventTypes: ["Microsoft.Storage.BlobCreated"],
				subjectBeginsWith: "/blobServices/default/containers/training/",
			},
			to: { repository: REPOSITORY, dispatchType: "retrain" },
		},
		{
			name: "evaluate",
			filter: { includedEventTypes: ["Microsoft.MachineLearningServices.RunCompleted"] },
			to: { repository: REPOSITORY },
		},
	],
};

/** As a sound bridge answers `GET /api/health`. */
export const HEALTH = {
	status: "healthy",
	version: "9.9.9",
	problems: [] as { setting: string; problem: string }[],
	warnings: [] as string[],
	routes: { digest: digestOfRoutes(ROUTES.routes) },
	storage: { reachable: true, reason: null as string | null },
	tokens: [{ lane: "default", present: true, expiresAt: null, reason: null as string | null }],
	lanes: [] as object[],
	waiting: 0,
	oldest: null,
	windows: 0,
	deadLetters: 0,
};

/** A bridge and a GitHub to look at, each in any state. */
export interface Chain {
	readonly bridge: Server;
	readonly github: GitHubStandIn;
	/** Replaces what the repository shows. */
	show(repository: unknown): Promise<void>;
	/** Replaces what the bridge says of itself, and whom it lets subscribe. */
	tell(told: { health?: object; rules?: Partial<HandshakeRules>; key?: string | undefined; trigger?: boolean }): void;
	close(): Promise<void>;
}

/** Starts both; the bridge answers the doors by the product's own rules. */
export async function startChain(): Promise<Chain> {
	const github = await startGitHubStandIn();
	const sound = { health: HEALTH as object, rules: {}, trigger: true, key: undefined as string | undefined };
	let told: typeof sound & { rules: Partial<HandshakeRules> } = sound;
	const bridge = await serve(0, async (request, response) => {
		const body = (await readAll(request)).toString("utf8");
		const headers = new Headers(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
		const rules = { topics: [], subscriptions: [], origins: EVENT_GRID_ORIGINS, ...told.rules };
		const path = request.url?.split("?")[0];
		if (path === "/api/health") return void response.end(JSON.stringify(told.health));
		if (told.key !== undefined && headers.get("x-functions-key") !== told.key)
			return void response.writeHead(401).end();
		if (path === "/runtime/webhooks/eventgrid") {
			const call = { method: request.method ?? "", functionName: "eventGrid", headers: request.headers, body };
			const answered = await answerEventGridWebhook(call, told.trigger ? async () => {} : undefined);
			return void response.writeHead(answered.status).end(answered.body);
		}
		const answered =
			request.method === "OPTIONS"
				? answerOptions(headers, rules)
				: (answerHandshake(headers, JSON.parse(body) as unknown[], rules) ?? { status: 404 });
		response
			.writeHead(answered.status ?? 200, answered.headers as Record<string, string>)
			.end(JSON.stringify(answered.jsonBody));
	});
	return {
		bridge,
		github,
		show: async (repository) => {
			const { status, text } = await postJson(`${github.url}/_repository`, repository);
			if (status !== 200) throw new Error(text);
		},
		tell: (more) => {
			told = { ...sound, ...more };
		},
		close: async () => {
			await Promise.all([bridge.close(), github.close()]);
		},
	};
}
