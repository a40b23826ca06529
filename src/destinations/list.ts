import type { BridgeEvent, Destination } from "../model.ts";
import type { RouteTo } from "../route/route.ts";
import { azureDevOps } from "./azure-devops/service.ts";
import type { BridgeFacts } from "./client-payload.ts";
import {
	type Built,
	type Client,
	type ClientOptions,
	type ConfiguredService,
	type Policy,
	refuse,
	type Service,
} from "./destination.ts";
import { github } from "./github/service.ts";

/** Every kind of destination, one line each. The lanes of the first one have names of their own. */
export const SERVICES: readonly Service[] = [github, azureDevOps];

/** A route's `to` for events of one type, with all its defaults filled in. */
export function resolve(to: RouteTo, eventType: string): Destination {
	return ownerOf(SERVICES, to).resolve(to, eventType);
}

function ownerOf<S extends Pick<Service, "owns">>(services: readonly S[], to: RouteTo): S {
	const owner = services.find((service) => service.owns(to));
	if (owner === undefined) throw new Error(`unknown destination: ${JSON.stringify(to)}`);
	return owner;
}

/**
 * All destinations together: each question is answered by the service that owns the destination. For one that no service
 * owns, `build`, `problemOf` and `pageOf` say so, and the others throw.
 */
export interface Destinations extends Client, Pick<ConfiguredService, "laneOf" | "requestLine" | "pageOf"> {
	policyOf(lane: string): Policy;
	build(to: Destination | undefined, event: BridgeEvent, facts: BridgeFacts): Built;
	/** Why a delivery can never be sent there, even after any repair. Undefined if it can be sent. */
	problemOf(to: Destination | undefined): string | undefined;
	/** Why the runs of a destination can never be listed. Undefined if they can be. */
	whyNoRuns(to: Destination | undefined): string | undefined;
}

/** Nothing is loaded or called before the first delivery. */
export function openDestinations(services: readonly ConfiguredService[], options: ClientOptions): Destinations {
	const clients = new Map<string, Client>();
	const find = (to: RouteTo) => services.find((service) => service.owns(to));

	const serviceOf = (to: RouteTo) => ownerOf(services, to);

	function clientOf(to: RouteTo): Client {
		const service = serviceOf(to);
		const client = clients.get(service.name) ?? service.open(options);
		clients.set(service.name, client);
		return client;
	}

	return {
		laneOf: (to) => serviceOf(to).laneOf(to),
		policyOf: (lane) =>
			services.find(({ name }) => lane === name || lane.startsWith(`${name}-`)) ?? (services[0] as ConfiguredService),
		build(to, event, facts) {
			try {
				return (to && find(to)?.build(to, event, facts)) ?? refuse("it has no destination");
			} catch (error) {
				// Reading an event limits its depth. A request that is nested deeper all the same is a dead letter, not an error.
				if (error instanceof RangeError) return refuse("data is nested too deeply to be written as JSON");
				throw error;
			}
		},
		problemOf(to) {
			const service = to && find(to);
			if (service === undefined) return "its row in storage is damaged: it has no destination";
			const [first] = service.problemsOf(to as Destination);
			return first === undefined ? undefined : `its row in storage is damaged: ${first.member}: ${first.problem}`;
		},
		whyNoRuns: (to) => to && find(to)?.whyNoRuns,
		requestLine: (to) => serviceOf(to).requestLine(to),
		pageOf: (to) => find(to)?.pageOf(to) ?? null,
		send: async (to, body) => clientOf(to).send(to, body),
		listRuns: (to, since, etag, page) => clientOf(to).listRuns(to, since, etag, page),
		readRun: (to, id) => clientOf(to).readRun(to, id),
		getToken: async (to) => clientOf(to).getToken(to),
		checkToken: async (to) => clientOf(to).checkToken(to),
	};
}
