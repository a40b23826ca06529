import { type Env, Settings } from "../../src/config/settings.ts";
import type { Route, RouteTo } from "../../src/route/route.ts";

/** What one service makes of an environment, and what it says of it. */
export function readWith<T>(
	configure: (settings: Settings, routes: readonly Route[]) => T,
	env: Env,
	routes: readonly Route[] = [],
) {
	const settings = new Settings(env);
	const config = configure(settings, routes);
	return { config, problems: settings.problems(), warnings: settings.warnings };
}

export function routesTo(...all: readonly RouteTo[]): readonly Route[] {
	return all.map((to, index) => ({ name: `r${index}`, to }));
}
