import type { Live } from "./live.ts";
import { Glyph } from "./parts.tsx";
import { summaryOf } from "./summary-of.ts";
import type { View } from "./view.ts";

const WORDS = { healthy: "Healthy", degraded: "Degraded", unhealthy: "Unhealthy" } as const;

interface MastheadProps {
	readonly view: View;
	readonly live: Live;
	readonly onKeys: (() => void) | undefined;
	readonly onHelp: () => void;
}

/** The page's head: whose it is, how the bridge is, and whether the page keeps asking. */
export function Masthead({ view, live, onKeys, onHelp }: MastheadProps) {
	const { health, running, problem, isOffline, access } = view;
	const status = problem !== undefined && access !== "locked" ? "unreachable" : health?.status;
	const failed = isOffline ? "No answer" : "Error";
	const word = status === "unreachable" ? failed : status === undefined ? "Asking …" : WORDS[status];
	return (
		<header class="masthead">
			<h1>
				<svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
					<path d="M3 7h7l4 10h7M3 17h7M14 7h7" fill="none" stroke="currentColor" stroke-width="2.4" />
					<circle cx="12" cy="12" r="2.6" fill="currentColor" />
				</svg>
				grid-dispatch
			</h1>
			{health !== undefined && <span class="version">{health.version}</span>}
			<p class={`status ${status ?? "asking"}`} role="status">
				{word}
			</p>
			{status === "unreachable" && <p class="why">{problem}</p>}
			<div class="actions">
				{onKeys !== undefined && (
					<button type="button" class="quiet" onClick={onKeys}>
						Keys
					</button>
				)}
				<button type="button" class="quiet" aria-label="Keyboard help" aria-keyshortcuts="?" onClick={onHelp}>
					?
				</button>
				<button
					type="button"
					class="quiet live"
					role="switch"
					aria-checked={running}
					onClick={() => live.setRunning(!running)}
				>
					Live {running ? "on" : "off"}
				</button>
			</div>
		</header>
	);
}

/** The first thing on the page: what a person should know, each with a link to where the page says more. */
export function Summary({ view }: { view: View }) {
	const items = summaryOf(view);
	return (
		<nav class="summary" aria-label="Summary">
			<ul>
				{items.map(({ tone, text, section }) => (
					<li key={text} class={tone}>
						<Glyph tone={tone} />
						{section === undefined ? <span>{text}</span> : <a href={`#${section}`}>{text}</a>}
					</li>
				))}
			</ul>
		</nav>
	);
}
