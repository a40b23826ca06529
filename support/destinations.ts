import { Settings } from "../src/config/settings.ts";
import { openDestinations, resolve, SERVICES } from "../src/destinations/list.ts";
import type { Destination } from "../src/model.ts";

/** All destinations as they are where nothing is set: enough to plan and to build requests. Nothing is sent. */
export const destinations = openDestinations(
	SERVICES.map((service) => service.configure(new Settings({}), [])),
	{
		version: "0.0.0",
		fetch: () => Promise.reject(new Error("nothing is sent")),
		now: Date.now,
		sleep: async () => {},
		timeoutMs: 1,
	},
);

/** A repository dispatch with nothing left open. */
export function repositoryDispatch(repository: string, dispatchType: string, token?: string): Destination {
	const id = `${repository.toLowerCase()}#${dispatchType}`;
	return { id, repository, dispatchType, ...(token === undefined ? {} : { token }) };
}

/** A run of a pipeline with nothing left open. */
export function pipelineRun(
	place: string,
	pipeline: number,
	more: Readonly<Record<string, unknown>> = {},
): Destination {
	const [organization, project] = place.split("/");
	return resolve({ organization, project, pipeline, ...more }, "");
}
