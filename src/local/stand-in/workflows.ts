import { parse } from "yaml";
import type { Received } from "./received.ts";
import type { StandInRepository } from "./repository.ts";

/** A workflow of the stand-in's repository that a dispatch starts. */
export interface ListeningWorkflow {
	readonly id: number;
	/** From the repository's root. */
	readonly path: string;
	readonly name: string;
	/** What its run for a dispatch is called. */
	titleFor(dispatch: Received): string;
}

/** The workflows of a repository that a dispatch of this type starts: active, and listening to the type as it is written. */
export function workflowsFor(given: StandInRepository, type: string): readonly ListeningWorkflow[] {
	return Object.entries(given.workflows ?? {}).flatMap(([file, text], index) => {
		const workflow = read(text);
		const types = workflow === undefined ? undefined : typesOf(workflow["on"]);
		const listens = types === "all" || types?.includes(type) === true;
		if (!listens || (given.states?.[file] ?? "active") !== "active") return [];
		const runName = workflow?.["run-name"];
		return [
			{
				id: 1000 + index,
				path: `.github/workflows/${file}`,
				name: file.replace(/\.ya?ml$/, ""),
				// GitHub's default for a dispatch is its type.
				titleFor: (dispatch) =>
					(typeof runName === "string" ? filled(runName, dispatch).trim() : "") || dispatch.event_type,
			},
		];
	});
}

/** What is no YAML starts nothing. */
function read(text: string): Record<string, unknown> | undefined {
	try {
		const workflow: unknown = parse(text);
		return typeof workflow === "object" && workflow !== null ? (workflow as Record<string, unknown>) : undefined;
	} catch {
		return undefined;
	}
}

/** `on` is an event, a list of events, or events with their filters; undefined where it does not listen. */
function typesOf(on: unknown): "all" | readonly string[] | undefined {
	if (on === "repository_dispatch") return "all";
	if (Array.isArray(on)) return on.includes("repository_dispatch") ? "all" : undefined;
	if (typeof on !== "object" || on === null || !("repository_dispatch" in on)) return undefined;
	const { types } = (on.repository_dispatch ?? {}) as { types?: string | readonly string[] };
	return types === undefined ? "all" : [types].flat();
}

/** Of GitHub's expressions it knows the members of the event; any other is empty. */
function filled(runName: string, { event_type, client_payload }: Received): string {
	const event = { action: event_type, client_payload };
	return runName.replaceAll(/\$\{\{(.*?)\}\}/g, (_, expression: string) => {
		const [, path] = /^github\.event\.([\w.-]+)$/.exec(expression.trim()) ?? [];
		const value = path?.split(".").reduce<unknown>((at, name) => (at as Record<string, unknown> | null)?.[name], event);
		return typeof value === "string" || typeof value === "number" ? String(value) : "";
	});
}
