import type { Live } from "./live.ts";
import { Facts, ReceiptLink } from "./parts.tsx";
import { NO_FILTER, type View } from "./view.ts";
import { clock, counted } from "./words.ts";

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
					<button type="button" class="quiet" onClick={() => live.setFilter({ ...NO_FILTER, state: "ignored" })}>
						List them
					</button>
				)}
			</header>
			<p class="more">No route matched them, so nothing started.</p>
			<ul>
				{ignored.slice(0, FEW).map((receipt) => (
					<li key={receipt.key}>
						<div class="line">
							<ReceiptLink receipt={receipt} onOpen={onOpen} />
							<span class="more">{clock(receipt.acceptedAt, now)}</span>
						</div>
						<p class="more">{receipt.reason}</p>
					</li>
				))}
			</ul>
			{missed.length > 0 && (
				<details>
					<summary>What they missed, route by route</summary>
					<Facts facts={missed.map(({ route, events, by }) => [route, `${counted(events, "event")}: ${listed(by)}`])} />
				</details>
			)}
		</section>
	);
}

/** `type 3, subject 1`: which part of a route so many events missed. */
function listed(by: Readonly<Record<string, number>>): string {
	return Object.entries(by)
		.map(([part, times]) => `${part} ${times}`)
		.join(", ");
}
