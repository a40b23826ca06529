import type { HttpFunctionOptions } from "@azure/functions";

/**
 * The console page: open, since it is empty of data. It asks `receipts` and `replay`, with their function keys, and
 * `health`. Read when it is first asked for, so that a cold start does not carry it.
 */
export function console(): HttpFunctionOptions {
	return {
		route: "console",
		methods: ["GET"],
		authLevel: "anonymous",
		async handler() {
			const { consolePage } = await import("../console/console-page.ts");
			return { status: 200, ...consolePage };
		},
	};
}
