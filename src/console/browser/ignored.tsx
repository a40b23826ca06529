import type { Live } from "./live.ts";
import { counted } from "./summary-of.ts";
import { clock } from "./times.ts";
import type { View } from "./view.ts";
import { shortType } from "./way-of.ts";

const FEW = 3;

/** Events that no route took: how many, which routes they missed, and the newest with their reasons. */
export function Ignored({ view, live, onOpen }: { view: View; live: Live; onOpen: (key: string) => void }) {
	const { health, ignored, now } = view;
	const count = Math.max(health?.ignored ?? 0, ignored.length);
	if (count === 0) return null;
	const missed = [...(health?.missed ?? [])].sort((one, other) => other.events - one.events);
	return (
		<section class="card dead" id="ignored" aria-labelledby="ignored-title">
			<header>
				<h2 id="ignored-title">
					Ignored events <span class="count">{count}</span>
				</h2>
				{ignored.length > FEW && (
					<button
						type="button"
						class="quiet"
						onClick={() => live.setFilter({ state: "ignored", find: "", range: "any" })}
					>
						List them
					</button>
				)}
			</header>
			<p class="more">No route matched them, so nothing started.</p>
			<ul>
				{ignored.slice(0, FEW).map(({ key, event, reason, acceptedAt }) => (
					<li key={key}>
						<div class="line">
							<button type="button" class="link" data-key={key} onClick={() => onOpen(key)}>
								{shortType(event.type)} {event.id}
							</button>
							<span class="more">{clock(acceptedAt, now)}</span>
						</div>
						<p class="more">{reason}</p>
					</li>
				))}
			</ul>
			{missed.length > 0 && (
				<details>
					<summary>What they missed, route by route</summary>
					<dl class="facts">
						{missed.map(({ route, events, by }) => (
							<div key={route}>
								<dt>{route}</dt>
								<dd>
									{counted(events, "event")}:{" "}
									{Object.entries(by)
										.map(([part, times]) => `${part} ${times}`)
										.join(", ")}
								</dd>
							</div>
						))}
					</dl>
				</details>
			)}
		</section>
	);
}
