import { render } from "preact";
import { createApi, createKeyRing } from "./api.ts";
import { App } from "./app.tsx";
import { createLive } from "./live.ts";

/** Where no key is asked for, and the local host may be: this machine. */
const LOOPBACK = ["127.0.0.1", "localhost", "[::1]"];
/** A receipt's address; a fragment is never sent to a server. */
const PREFIX = "#receipt=";

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
addEventListener("hashchange", followFragment);
followFragment();
draw();

/** A link to a receipt opens it, and so do the browser's Back and Forward. */
function followFragment(): void {
	live.open(keyInFragment(location.hash));
}

/** Opens a receipt under its own address, and closes it with undefined. */
function open(key: string | undefined): void {
	const isOpen = live.view().opened !== undefined;
	const fragment = key === undefined ? "" : PREFIX + encodeURIComponent(key);
	live.open(key);
	// Closing leaves no address behind that would open it again, and moving from one to the next no trail of addresses.
	if (key === undefined) history.replaceState(null, "", location.pathname + location.search);
	else if (isOpen) history.replaceState(null, "", fragment);
	else location.hash = fragment;
}

function draw(): void {
	const root = document.getElementById("app");
	const view = live.view();
	const status = view.isOffline ? "no answer" : view.health?.status;
	// For a person who sees only the tab.
	document.title = status === undefined || status === "healthy" ? "grid-dispatch" : `${status} – grid-dispatch`;
	if (root !== null) render(<App live={live} api={api} keys={keys} view={view} onOpen={open} />, root);
}

/** The key that a page's fragment names; undefined where it names none. */
function keyInFragment(fragment: string): string | undefined {
	if (!fragment.startsWith(PREFIX)) return undefined;
	try {
		return decodeURIComponent(fragment.slice(PREFIX.length)) || undefined;
	} catch {
		return undefined;
	}
}
