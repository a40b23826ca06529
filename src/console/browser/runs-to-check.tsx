import { useState } from "preact/hooks";
import { alarmOf } from "./run-step.ts";
import { StatePill } from "./state-pill.tsx";
import { Subject } from "./subject.tsx";
import type { View } from "./view.ts";
import { shortSubject, shortType } from "./way-of.ts";

const FEW = 3;

/** Dispatches that were taken, and whose run failed, did not come, or cannot be told. */
export function RunsToCheck({ view, onOpen }: { view: View; onOpen: (key: string) => void }) {
	const [shows, setShows] = useState(FEW);
	const { recent, isPart } = view;
	// The events of a window share its run, which is listed once.
	const all = recent.filter((receipt) => receipt.state === "dispatched" && alarmOf(receipt) !== undefined);
	if (all.length === 0) return null;
	return (
		<section class="card dead" id="runs" aria-labelledby="runs-title">
			<h2 id="runs-title">
				Runs to check <span class="count">{all.length}</span>
			</h2>
			<ul>
				{all.slice(0, shows).map((receipt) => (
					<li key={receipt.key}>
						<div class="line">
							<button type="button" class="link" data-key={receipt.key} onClick={() => onOpen(receipt.key)}>
								{shortType(receipt.event.type)} {receipt.event.id}
							</button>
							<StatePill receipt={receipt} />
						</div>
						<p class="more">
							<Subject text={shortSubject(receipt.event)} />
						</p>
						{receipt.followingReason !== null && <p class="more">{receipt.followingReason}</p>}
					</li>
				))}
			</ul>
			<p class="note pages">
				{all.length > shows && (
					<button type="button" class="quiet" onClick={() => setShows(shows + 20)}>
						Show {Math.min(20, all.length - shows)} more
					</button>
				)}
				{isPart && <span>Among the newest {recent.length} receipts.</span>}
			</p>
		</section>
	);
}
