import { render } from "preact";
import { createApi } from "./api.ts";
import { App } from "./app.tsx";
import { createKeyRing } from "./key-ring.ts";
import { createLive } from "./live.ts";

/** Where no key is asked for, and the local host may be: this machine. */
const LOOPBACK = ["127.0.0.1", "localhost", "[::1]"];

const keys = createKeyRing(sessionStorage);
const api = createApi(keys, (path, init) => fetch(path, init));
const isLocal = LOOPBACK.includes(location.hostname);
const live = createLive({
	api,
	isLocal,
	hasKey: () => keys.get("receipts") !== undefined,
	now: Date.now,
	onChange: draw,
	later: (run, ms) => void setTimeout(run, ms),
});

document.addEventListener("visibilitychange", () => live.setVisible(!document.hidden));
draw();

function draw(): void {
	const root = document.getElementById("app");
	const view = live.view();
	const status = view.health?.status ?? "healthy";
	// For a person who sees no more of it than its tab.
	document.title = status === "healthy" ? "grid-dispatch" : `${status} – grid-dispatch`;
	if (root !== null) render(<App live={live} api={api} keys={keys} view={view} />, root);
}
