import type { HttpFunctionOptions } from "@azure/functions";
import type { TheBridge } from "../bridge.ts";

/** Open to monitors, so it holds no secret and no event: whether the bridge can work, and if not, what to repair. */
export function health(theBridge: TheBridge, version: string): HttpFunctionOptions {
	return {
		route: "health",
		methods: ["GET"],
		authLevel: "anonymous",
		async handler() {
			const { problems, warnings } = await theBridge();
			const healthy = problems.length === 0;
			return {
				status: healthy ? 200 : 503,
				jsonBody: { status: healthy ? "healthy" : "unhealthy", version, problems, warnings },
				headers: { "Cache-Control": "no-store" },
			};
		},
	};
}
