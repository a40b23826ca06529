import type { TokenConfig } from "./open-tokens.ts";

/**
 * The lane of a destination: one for each token, since GitHub limits tokens. An app has a token for each owner that has
 * installed it.
 */
export function laneOf(
	kind: TokenConfig["kind"],
	to: { readonly repository: string; readonly token?: string },
): string {
	if (to.token !== undefined) return `token-${to.token.toLowerCase()}`;
	return kind === "app" ? `app-${(to.repository.split("/")[0] ?? "").toLowerCase()}` : "default";
}
