import type { Answer, BridgeEvent, Destination } from "../model.ts";
import type { RouteTo } from "../route/route.ts";
import { azureDevOps } from "./azure-devops/service.ts";
import type { BridgeFacts } from "./client-payload.ts";
import {
	type Built,
	type Client,
	type ClientOptions,
	type ConfiguredService,
	type Policy,
	type RunsAnswer,
	refuse,
	type Service,
	type TokenCheck,
} from "./destination.ts";
import { github } from "./github/service.ts";

/** Every kind of destination, one line each. The lanes of the first one have names of their own. */
export const SERVICES: readonly Service[] = [github, azureDevOps];

/** A route's `to` for events of one type, with all its defaults filled in. */
export function resolve(to: RouteTo, eventType: string): Destination {
	const owner = SERVICES.find((service) => service.owns(to));
	if (owner === undefined) throw new Error(`unknown destination: ${JSON.stringify(to)}`);
	return owner.resolve(to, eventType);
}

/** All destinations together: each question is answered by the service that owns the destination. */
export interface Destinations {
	laneOf(to: RouteTo): string;
	policyOf(lane: string): Policy;
	build(to: Destination | undefined, event: BridgeEvent, facts: BridgeFacts): Built;
	/** Why a delivery can never be sent there, even after any repair. Undefined if it can be sent. */
	problemOf(to: Destination | undefined): string | undefined;
	/** The method and the URL of a request, for a person to read. */
	requestLine(to: Destination): string;
	/** The page that shows the runs to a person. Null if there is none. */
	pageOf(to: Destination): string | null;
	/** Sends once. Rejects only where `problemOf` has a problem. */
	send(to: Destination, body: string): Promise<Answer>;
	/** As `Client` has them. Never reject. */
	listRuns(to: Destination, since: number, etag?: string, page?: number): Promise<RunsAnswer>;
	readRun(to: Destination, id: string): Promise<RunsAnswer>;
	/** Rejects with TokenUnavailable. */
	getToken(to: RouteTo): Promise<unknown>;
	/** Rejects only where no service owns the destination. */
	checkToken(to: RouteTo): Promise<TokenCheck>;
}

/** Nothing is loaded or called before the first delivery. */
export function openDestinations(services: readonly ConfiguredService[], options: ClientOptions): Destinations {
	const clients = new Map<string, Client>();
	const find = (to: RouteTo) => services.find((service) => service.owns(to));

	function serviceOf(to: RouteTo): ConfiguredService {
		const service = find(to);
		if (service === undefined) throw new Error(`unknown destination: ${JSON.stringify(to)}`);
		return service;
	}

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
		requestLine: (to) => serviceOf(to).requestLine(to),
		pageOf: (to) => find(to)?.pageOf(to) ?? null,
		send: async (to, body) => clientOf(to).send(to, body),
		listRuns: (to, since, etag, page) => clientOf(to).listRuns(to, since, etag, page),
		readRun: (to, id) => clientOf(to).readRun(to, id),
		getToken: async (to) => clientOf(to).getToken(to),
		checkToken: async (to) => clientOf(to).checkToken(to),
	};
}
