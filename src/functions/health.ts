import type { HttpFunctionOptions } from "@azure/functions";
import type { TheBridge } from "../bridge.ts";

/** The answer is kept for so long, so that polling costs nothing, whoever does it. */
const KEEP_MS = 10_000;

/**
 * Open to monitors, so it holds no secret and no event: whether the bridge can work, and if not, what to repair.
 * @param now milliseconds
 */
export function health(theBridge: TheBridge, version: string, now: () => number): HttpFunctionOptions {
	let kept: { readonly at: number; readonly answer: ReturnType<typeof look> } | undefined;

	async function look() {
		const { status, ...facts } = await (await theBridge()).health();
		return { status: status === "unhealthy" ? 503 : 200, jsonBody: { status, version, ...facts } };
	}

	return {
		route: "health",
		methods: ["GET"],
		authLevel: "anonymous",
		async handler() {
			if (kept === undefined || now() - kept.at >= KEEP_MS) kept = { at: now(), answer: look() };
			return { ...(await kept.answer), headers: { "Cache-Control": "no-store" } };
		},
	};
}
