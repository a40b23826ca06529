import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createAzureDevOps } from "../../../src/destinations/azure-devops/azure-devops.ts";
import type { Token, TokenSource } from "../../../src/destinations/azure-devops/tokens.ts";

export const PAT = "azdo-pat-0123456789abcdefghijklmnopqrstuvwxyz";

export function fixed(value: string, scheme: Token["scheme"] = "Basic"): TokenSource {
	return { get: async () => ({ value, scheme }), refresh: async () => ({ value, scheme }) };
}

/** The client, over real HTTP. */
export function clientOf(url: string, more: Partial<Parameters<typeof createAzureDevOps>[0]> = {}) {
	const usual = { version: "9.9.9", fetch: globalThis.fetch, now: Date.now, timeoutMs: 10_000 };
	return createAzureDevOps({ url, tokens: fixed(PAT), ...usual, ...more });
}

export interface Odd {
	readonly url: string;
	readonly asked: { readonly method: string; readonly path: string; readonly authorization: string }[];
	close(): Promise<void>;
}

/** A server in Azure DevOps' place that answers as it is told. */
export async function startOdd(listener: (request: IncomingMessage, response: ServerResponse) => void): Promise<Odd> {
	const asked: { method: string; path: string; authorization: string }[] = [];
	const server: Server = createServer((request, response) => {
		const { method = "", url = "", headers } = request;
		asked.push({ method, path: url, authorization: headers.authorization ?? "" });
		request.resume().on("end", () => listener(request, response));
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		asked,
		close: () =>
			new Promise((resolve) => {
				server.close(() => resolve());
				server.closeAllConnections();
			}),
	};
}
