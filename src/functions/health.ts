import type { HttpFunctionOptions } from "@azure/functions";
import type { Bridge } from "../bridge.ts";

/** Open to monitors, so it holds no secret and no event: whether the bridge can work, and if not, what to repair. */
export function health(bridge: Bridge, version: string): HttpFunctionOptions {
	const { problems, warnings } = bridge;
	const healthy = problems.length === 0;
	const answer = { status: healthy ? "healthy" : "unhealthy", version, problems, warnings };
	return {
		route: "health",
		methods: ["GET"],
		authLevel: "anonymous",
		handler: () => ({ status: healthy ? 200 : 503, jsonBody: answer, headers: { "Cache-Control": "no-store" } }),
	};
}
