// Made by tools/make-api from the gateway's table of routes; not to be edited.

export type DeviceClass =
	| "light"
	| "plug"
	| "speaker"
	| "tv"
	| "camera"
	| "sensor"
	| "appliance"
	| "climate"
	| "printer"
	| "toy"
	| "other"
	| "lock"
	| "alarm"
	| "medical"
	| "phone"
	| "hub"
	| "smoke"
	| "heating"
	| "computer";
export type State = "new" | "learning" | "protected" | "suspicious" | "quarantined" | "updating" | "attesting" | "probation" | "limited" | "away" | "unfixable" | "retired";
export type Hold = "none" | "limited" | "quarantined" | "refused";
export type EvidenceLevel = "none" | "owner" | "network" | "report" | "token" | "result";
export type Class = DeviceClass | "unknown";
export type Direction = "from-device" | "to-device";
export type Place = "internet" | "gateway" | "device" | "group";
export type Layer = "base" | "manufacturer" | "learned" | "crowd" | "owner" | "agent" | "quarantine";
export type RuleStatus = "enforced" | "reply" | "not enforced yet" | "not enforceable here" | "approximated" | "previewed";
export type UrlSource = "none" | "lldp" | "dhcp" | "qr" | "certificate" | "owner";
export type Coverage = "unknown" | "learning" | "settled" | "closed";
/** Every error, as a problem of RFC 9457. `field` is the member of the query or the body
 * that is wrong, where one is; `next` says what to do. What is refused before it comes to
 * the gateway's own routes has no `schema` and no `error`. */
export type Problem = {
	schema?: "cardea.error/1";
	type: string;
	title: string;
	status: number;
	detail: string;
	field?: string;
	error?: string;
	next: string;
};
/** How the gateway is. `backend_lacks`: why not the better one, or what this kernel lacks.
 * `names`: how answers reach devices, `devices_kernel` at once, `devices_held` after a
 * commit. `ports_beyond`: more than 64. `portal`: what devices may ask. `decisions`: open
 * questions. `dns_service`: the gateway's own; `fingerprint` and `pin` are SHA-256 of the
 * certificate in hex and of its key in base64. */
export type Status = {
	schema: "cardea.status/1";
	version: string;
	ready: boolean;
	sentence: string;
	backend: string;
	backend_lacks: string | null;
	names: {
		learned_by: "kernel" | "resolver";
		devices_kernel: number;
		devices_held: number;
		unlisted: "answer" | "refuse" | "nxdomain";
		domain: string | null;
	};
	ports: {
		name: string;
		covered: boolean;
		why?: string;
		accepted?: boolean;
	}[];
	ports_beyond: number;
	started: string | null;
	devices: number;
	states: {
		[name: string]: number;
	};
	sandbox: {
		name: string;
		running: boolean;
		waits?: boolean;
		pid: number;
		restarts: number;
		sandbox: string;
	}[];
	portal: {
		enabled: boolean;
		uri: string | null;
		plain_uri: string | null;
		page: string | null;
		asked: number;
		unknown: number;
		forbidden: number;
		evidence: number;
	};
	sensor: {
		frames: number;
		malformed: number;
		dropped: number;
		violations: number;
	};
	events_suppressed: number;
	refused_transactions: number;
	clock_trusted: boolean;
	watching: {
		mode: "protect" | "watch";
		since: string | null;
		until: string | null;
	};
	decisions: number;
	dns_service: {
		tls: boolean;
		why_not: string;
		name?: string;
		certificate?: "yours" | "made here";
		fingerprint?: string;
		pin?: string;
		not_after?: string | null;
		addresses: {
			lan: string;
			address: string;
		}[];
	};
};
/** `watch`: what profiles do not list passes and is told; at `until`, which is null while
 * the clock is not set, you are asked. Both times are null for `protect`. */
export type WatchMode = {
	mode: "protect" | "watch";
	since: string | null;
	until: string | null;
};
/** With ?effect=1, while it only watches: what was recorded since then and would have been
 * blocked; `more`: devices beyond those listed. */
export type Watching = {
	schema: "cardea.watching/1";
	mode: "protect" | "watch";
	since: string | null;
	until: string | null;
	effect: {
		devices: {
			id: number;
			name: string;
			conversations: number;
			would_block: number;
			unknown: number;
			examples: {
				text: string;
				count: number;
			}[];
		}[];
		would_block: number;
		more: number;
	} | null;
};
/** The gateway ends; `open`: without its rules. */
export type Stop = {
	schema: "cardea.stop/1";
	open: boolean;
};
/** The gateway itself. `memory_kb`: pages of its own, as at `memory_at`, null until it was
 * asked for once. `store`: of the file in octets, `written` since the start; `writes_day`
 * after the first hour. */
export type SystemPart = {
	version: string;
	started: string | null;
	ready: boolean;
	backend: string;
	backend_lacks: string | null;
	refused_transactions: number;
	clock_trusted: boolean;
	processes: ({
		name: string;
		running: boolean;
		waits: boolean;
		pid: number;
		restarts: number;
		sandbox: string;
		memory_kb: number | null;
	})[];
	memory_at: string | null;
	sensor: {
		frames: number;
		malformed: number;
		dropped: number;
		violations: number;
		suppressed: number;
	};
	store: {
		bytes: number;
		free: number;
		written: number;
		writes_day: number | null;
		version: number;
	} | null;
	ports: {
		name: string;
		covered: boolean;
		why?: string;
		accepted?: boolean;
	}[];
	ports_beyond: number;
};
export type System = {
	schema: "cardea.system/1";
	version: string;
	started: string | null;
	ready: boolean;
	backend: string;
	backend_lacks: string | null;
	refused_transactions: number;
	clock_trusted: boolean;
	processes: ({
		name: string;
		running: boolean;
		waits: boolean;
		pid: number;
		restarts: number;
		sandbox: string;
		memory_kb: number | null;
	})[];
	memory_at: string | null;
	sensor: {
		frames: number;
		malformed: number;
		dropped: number;
		violations: number;
		suppressed: number;
	};
	store: {
		bytes: number;
		free: number;
		written: number;
		writes_day: number | null;
		version: number;
	} | null;
	ports: {
		name: string;
		covered: boolean;
		why?: string;
		accepted?: boolean;
	}[];
	ports_beyond: number;
};
/** The same for who is to help, and counts; `fields` says what is in it, and no name or
 * address of the house is. */
export type Bundle = {
	schema: "cardea.bundle/1";
	made: string | null;
	fields: {
		name: string;
		what: string;
	}[];
	system: {
		version: string;
		started: string | null;
		ready: boolean;
		backend: string;
		backend_lacks: string | null;
		refused_transactions: number;
		clock_trusted: boolean;
		processes: ({
			name: string;
			running: boolean;
			waits: boolean;
			pid: number;
			restarts: number;
			sandbox: string;
			memory_kb: number | null;
		})[];
		memory_at: string | null;
		sensor: {
			frames: number;
			malformed: number;
			dropped: number;
			violations: number;
			suppressed: number;
		};
		store: {
			bytes: number;
			free: number;
			written: number;
			writes_day: number | null;
			version: number;
		} | null;
		ports: {
			name: string;
			covered: boolean;
			why?: string;
			accepted?: boolean;
		}[];
		ports_beyond: number;
	};
	states: {
		[name: string]: number;
	};
	classes: {
		[name: string]: number;
	};
	profiles: {
		files: number;
		signed: number;
	};
	events: {
		[name: string]: number;
	};
};
/** What leaves this house by the gateway itself. `setting` turns it on and off, null where
 * that is done elsewhere; `fixed`: without it the gateway could not do its work. `sample`:
 * exactly what is sent, or would be; null while there is nothing to tell. */
export type SinkList = {
	schema: "cardea.sink.list/1";
	sinks: ({
		id: string;
		kind: string;
		title: string;
		enabled: boolean;
		fixed: boolean;
		setting: string | null;
		to: string | null;
		why: string;
		last: string | null;
		outcome: string | null;
		sample: string | null;
		fields: {
			name: string;
			why: string;
		}[];
	})[];
};
/** A test is under way; the list tells what came of it. */
export type SinkTest = {
	schema: "cardea.sink.test/1";
	id: string;
	sent: boolean;
};
export type Life = {
	state: State;
	since: string | null;
	hold: Hold;
	class: Class;
};
export type DeviceRow = {
	id: number;
	name: string;
	mac: string;
	state: State;
	since: string | null;
	hold: Hold;
	class: Class;
	hostname: string;
	vendor_class: string;
	mud_url: string;
	url_source: UrlSource;
	confirmed: boolean;
	proven: boolean;
	mud_signer: string;
	quarantine: string | null;
	problem: string;
	first_seen: string | null;
	last_seen: string | null;
	addresses: ({
		address: string | null;
		source: "arp" | "nd" | "dhcpv4" | "dhcpv6" | "gateway";
		until: string | null;
	})[];
};
export type Step = {
	kind: string;
	sentence: string;
	at: string | null;
	detail: string | null;
	protocol: string | null;
	from: State;
	to: State;
	event: string;
};
export type Limit = {
	service: string;
	direction: Direction;
	acl: string | null;
	bytes_per_s: number;
	packets_per_s: number;
	status: string;
	detail: string | null;
};
/** All devices; in pages by `GET /v1/roster`. */
export type DeviceList = {
	schema: "cardea.device.list/1";
	devices: DeviceRow[];
};
/** One device: where it stands (`state`, `since`, `hold`), what it says of itself, and, when
 * it is asked for by itself, its profile, names, suspicion and the levels of evidence that
 * it has (`shown`) and needs (`return_needs`) to come back. */
export type Device = {
	schema: "cardea.device/1";
	id: number;
	name: string;
	mac: string;
	state: State;
	since: string | null;
	hold: Hold;
	class: Class;
	hostname: string;
	vendor_class: string;
	mud_url: string;
	url_source: UrlSource;
	confirmed: boolean;
	proven: boolean;
	mud_signer: string;
	quarantine: string | null;
	problem: string;
	first_seen: string | null;
	last_seen: string | null;
	addresses: ({
		address: string | null;
		source: "arp" | "nd" | "dhcpv4" | "dhcpv6" | "gateway";
		until: string | null;
	})[];
	previous_name?: string;
	profile?: {
		url: string;
		signature: "none" | "valid" | "invalid" | "unchecked" | "untrusted";
		signer: string;
		systeminfo: string;
		mfg_name: string;
		model_name: string;
		is_supported: boolean;
		last_update: string | null;
		fetched: string | null;
		rules: number;
		notes: ({
			level: "info" | "repair" | "warning" | "error";
			line: number;
			path: string;
			text: string;
		})[];
	} | null;
	limits?: Limit[];
	names?: ({
		name: string;
		address: string | null;
		until: string | null;
	})[];
	allowed_in_quarantine?: string[];
	class_used?: Class;
	return_needs?: EvidenceLevel;
	shown?: EvidenceLevel;
	deadline?: string | null;
	offences?: number;
	returns?: number;
	suspicion?: {
		points: number;
		level: "none" | "raised" | "convicted";
		why: string | null;
		tight: boolean;
	};
	evidence?: Step[];
};
/** What the socket for identities says: that it was heard. */
export type Identity = {
	schema: "cardea.identity/1";
	mac: string;
};
/** What the device runs, as you say. */
export type Firmware = {
	schema: "cardea.firmware/1";
	device: string;
	mac: string;
	label: string;
};
/** What takes another's place: `recognised` by what, and what came along. */
export type Replacement = {
	schema: "cardea.replacement/1";
	old: string;
	old_mac: string;
	new: string;
	new_mac: string;
	dry_run: boolean;
	recognised: string;
	carried: string[];
	not_carried: string[];
};
export type VaultRow = {
	version: number;
	name: string;
	at: string | null;
	bytes: number;
	sha256: string;
};
/** Configurations of a device. */
export type Vault = {
	schema: "cardea.vault/1";
	device: string;
	mac: string;
	versions: VaultRow[];
};
/** One of them, with its `content` in hex. */
export type VaultVersion = {
	schema: "cardea.vault.version/1";
	device: string;
	version: number;
	name: string;
	content: string;
};
/** All that you said of a device. */
export type View = {
	schema: "cardea.view/1";
	name: string;
	named_by_owner: boolean;
	mac: string;
	class: Class;
	mud_url: string;
	url_source: UrlSource;
	confirmed: boolean;
	firmware: string;
	overlays: string[];
	controllers: ({
		class: string;
		of: string | null;
		is: string | null;
	})[];
	profile: {
		form: "mud" | "extended";
		source: Layer;
		text: string | null;
		binding: string | null;
	} | null;
	update_hosts: ({
		host: string;
		source: "mud" | "suit" | "learned" | "owner";
	})[];
	versions: VaultRow[];
};
/** The last day: 24 marks, one an hour, the last one is the hour now ('.' not seen, 'a' as
 * expected, 'l' learning or new, 'w' something was refused or is asked, 'q' held), and 24
 * amounts ('0' nothing, '1' below 1 KiB, each next one eight times as much). */
export type Strip = {
	marks: string;
	amounts: string;
	bytes: number;
};
/** The house at a glance. `since`: the gateway's start. `recorded_since`: since when
 * conversations are recorded; null: they are not (learning is off). `asks`: open questions,
 * of which the first are in `decisions`. What is unusual comes first in `strip`; `more`
 * devices have no row. */
export type Home = {
	schema: "cardea.home/1";
	watching: {
		mode: "protect" | "watch";
		since: string | null;
		until: string | null;
	};
	sentence: string;
	since: string | null;
	recorded_since: string | null;
	counts: {
		[name: string]: number;
	};
	decisions: Decision[];
	asks: number;
	strip: {
		from: string | null;
		rows: {
			id: number;
			name: string;
			state: State;
			marks: string;
			amounts: string;
			bytes: number;
		}[];
		more: number;
	};
};
/** All devices, or those that are meant, in pages: `next` is the cursor of the page behind
 * this one, `total` of how many. `confidence`: how much of what it does was not seen yet, as
 * an estimate and at most; null where nothing is learned. */
export type Roster = {
	schema: "cardea.roster/1";
	from: string | null;
	devices: ({
		id: number;
		name: string;
		mac: string;
		class: Class;
		state: State;
		since: string | null;
		hold: Hold;
		source: "maker" | "learned" | "owner" | "none";
		confidence: {
			state: Coverage;
			share: number | null;
			bound: number | null;
		} | null;
		asks: number;
		last_seen: string | null;
		marks: string;
		amounts: string;
		bytes: number;
	})[];
	next: string | null;
	total: number;
};
export type Where = "local" | "gateway" | "internet";
/** Whom a device talks with, most octets first: `up` and `down` octets, `count`
 * conversations, `refused` packets since `from`. `verdict`: what would become of it now, by
 * which `rule` of whom; waits: you are asked. `unseen`: what is allowed and never happened.
 * `other`: all that has no row of its own; `more`: peers beyond those listed. */
export type Talks = {
	schema: "cardea.talks/1";
	device: string;
	id: number;
	from: string | null;
	recorded_since: string | null;
	peers: ({
		where: Where;
		name: string | null;
		address: string | null;
		device: number | null;
		proto: string | null;
		port: number | null;
		inbound: boolean;
		up: number;
		down: number;
		count: number;
		refused: number;
		first: string | null;
		last: string | null;
		verdict: "allowed" | "blocked" | "waits";
		rule: string | null;
		source: Layer | null;
	})[];
	more: number;
	other: {
		up: number;
		down: number;
		count: number;
		refused: number;
	} | null;
	unseen: ({
		where: Where;
		name: string | null;
		proto: string | null;
		port: number | null;
		inbound: boolean;
		text: string;
		source: Layer;
	})[];
};
/** What a change would do to what was recorded, judged by the policy now and then as if the
 * device were not held. `unknown`: sums do not tell, since a client's port, the order in
 * time and all but the last address of a name are not kept. Refused packets count each. */
export type Measured = {
	recorded_since: string | null;
	conversations: number;
	would_block: number;
	would_allow: number;
	unchanged: number;
	unknown: number;
	examples: ({
		peer: string | null;
		proto: string | null;
		port: number | null;
		inbound: boolean;
		text: string;
		now: "allowed" | "blocked";
		then: "allowed" | "blocked" | "unknown";
		count: number;
		last: string | null;
	})[];
	sentence: string;
};
export type Effect = {
	schema: "cardea.effect/1";
	device: string;
	id: number;
	recorded_since: string | null;
	conversations: number;
	would_block: number;
	would_allow: number;
	unchanged: number;
	unknown: number;
	examples: ({
		peer: string | null;
		proto: string | null;
		port: number | null;
		inbound: boolean;
		text: string;
		now: "allowed" | "blocked";
		then: "allowed" | "blocked" | "unknown";
		count: number;
		last: string | null;
	})[];
	sentence: string;
};
/** What waits for your word, beside what is in force. `waiting` null: nothing does. With a
 * `decision` accept or reject that one; with `learned` approve what was learned. `proposed`,
 * `diff` and `effect` are null where nobody can say yet (`problem`); `diff_whole` false:
 * there was too much to compare. `coverage`: null where nothing is learned. */
export type Review = {
	schema: "cardea.review/1";
	device: string;
	id: number;
	waiting: {
		by: "maker" | "learned";
		kind: string;
		text: string;
		subject: string | null;
		asked: string | null;
		problem: string | null;
	} | null;
	current: {
		sentence: string;
		source: Layer;
	}[];
	proposed: {
		sentence: string;
		source: Layer;
	}[] | null;
	diff: ({
		sign: "+" | "-";
		sentence: string;
		source: Layer;
	})[] | null;
	diff_whole: boolean;
	effect: {
		recorded_since: string | null;
		conversations: number;
		would_block: number;
		would_allow: number;
		unchanged: number;
		unknown: number;
		examples: ({
			peer: string | null;
			proto: string | null;
			port: number | null;
			inbound: boolean;
			text: string;
			now: "allowed" | "blocked";
			then: "allowed" | "blocked" | "unknown";
			count: number;
			last: string | null;
		})[];
		sentence: string;
	} | null;
	coverage: {
		episodes: number;
		contexts: {
			[name: string]: number;
		};
		unseen: {
			state: Coverage;
			share: number | null;
			bound: number | null;
		};
		not_seen: string[];
		since: string | null;
	} | null;
	decision: number | null;
	learned: boolean;
};
/** Each device against its own days before, by medians; the worst first. `days`: dates in
 * UTC, the last one is today, which is not over. `scores`, one a day: 0 as usual, up to 100;
 * null: it had not yet the least number of days to compare with, or nothing was recorded.
 * `baseline_days`: with how many the last one is compared. `top`: what was worst, in words,
 * and in which hour (UTC) there was most of it, where that is still known. */
export type Anomalies = {
	schema: "cardea.anomalies/1";
	days: string[];
	least_days: number;
	recorded_since: string | null;
	devices: ({
		id: number;
		name: string;
		baseline_days: number;
		scores: (number | null)[];
		top: ({
			day: string;
			measure: string;
			what: string;
			was: string;
			usual: string;
			score: number;
			hour: number | null;
		})[];
	})[];
};
/** Counts of one home, without name, address, MAC or domain. `classes`: those with at least
 * `least` devices; of all others, which would say that somebody has such a thing, there is
 * the sum in `few`. `days`: of how many devices something was seen, and of how many
 * something was refused. */
export type Aggregate = {
	schema: "cardea.aggregate/1";
	devices: number;
	states: {
		[name: string]: number;
	};
	least: number;
	classes: {
		[name: string]: number;
	};
	few: number;
	confidence: {
		[name: string]: number;
	};
	sources: {
		[name: string]: number;
	};
	days: {
		day: string;
		seen: number;
		refused: number;
	}[];
};
/** Something that happened. Of a conversation: who spoke with whom, and why it was refused. */
export type Event = {
	schema: "cardea.event/1";
	id: number;
	kind: string;
	first: string | null;
	last: string | null;
	device: string | null;
	device_id?: number;
	mac?: string;
	text: string;
	name?: string | null;
	packets?: number;
	reason?: string;
	direction?: Direction | "unknown";
	device_address?: string | null;
	peer?: string | null;
	proto?: string;
	device_port?: number;
	port?: number;
};
/** The oldest first, of the youngest that are meant. `next`: the cursor of those that are
 * older; also where none was found yet, since only so many are looked at for one page. */
export type EventList = {
	schema: "cardea.event.list/1";
	events: Event[];
	next: string | null;
};
/** What happened to a device, the youngest first: steps of its life (kind state, with `from`
 * and `to`) and events, of which `event` is the id. `count` of the same until `last`. */
export type Timeline = {
	schema: "cardea.timeline/1";
	device: string;
	id: number;
	items: ({
		at: string | null;
		kind: string;
		sentence: string;
		detail: string | null;
		event: number | null;
		from: State | null;
		to: State | null;
		count: number;
		last: string | null;
	})[];
	next: string | null;
};
/** A question that only you can answer; `choices` of a case, the first is advised. */
export type Decision = {
	schema: "cardea.decision/1";
	id: number;
	kind: "authority" | "signer" | "unsigned" | "rollback" | "my-controller" | "controller" | "identity" | "preview" | "port" | "conversation" | "case" | "release" | "playbook" | "advisory" | "protect";
	answer: "open" | "accepted" | "rejected";
	device: string | null;
	text: string;
	subject: string;
	detail: string;
	choice: string | null;
	needs_choice: boolean;
	choices: {
		choice: string;
		text: string;
	}[];
	asked: string | null;
	answered: string | null;
};
/** The open ones; with `all` also those that are answered. */
export type DecisionList = {
	schema: "cardea.decision.list/1";
	decisions: Decision[];
};
/** Steps of lives, the oldest first. */
export type QuarantineHistory = {
	schema: "cardea.quarantine.history/1";
	steps: ({
		id: number;
		device: string | null;
		mac?: string;
		kind: string;
		sentence: string;
		at: string | null;
		detail: string | null;
		protocol: string | null;
		from: State;
		to: State;
		event: string;
	})[];
};
/** Devices that are held, and what is still on for them. */
export type QuarantineList = {
	schema: "cardea.quarantine.list/1";
	devices: ({
		id: number;
		device: string;
		mac: string;
		state: State;
		since: string | null;
		hold: Hold;
		class: Class;
		reason: string;
		still_on: string[];
	})[];
};
/** After a change; `code` is to be said again in the second step of a release. */
export type Quarantine = {
	schema: "cardea.quarantine/1";
	device: string;
	mac: string;
	state: State;
	since: string | null;
	hold: Hold;
	class: Class;
	reason: string | null;
	dry_run: boolean;
	code: string | null;
	code_seconds: number;
	allowed_in_quarantine: string[];
};
export type CaseRow = {
	id: number;
	device: string | null;
	state: State;
	open: boolean;
	opened: string | null;
	closed: string | null;
};
export type CaseField = {
	field: string;
	level: "shape" | "names" | "peers" | "content";
	why: string;
	leaves: boolean;
};
/** The open ones; with `all` also those that are closed. */
export type CaseList = {
	schema: "cardea.case.list/1";
	cases: ({
		id: number;
		device: string | null;
		state: State;
		open: boolean;
		opened: string | null;
		closed: string | null;
	})[];
};
/** One, for you alone: with names and addresses. */
export type CaseShow = {
	schema: "cardea.case.show/1";
	id: number;
	device: string | null;
	state: State;
	open: boolean;
	opened: string | null;
	closed: string | null;
	mac: string;
	detectors: {
		kind: string;
		points: number;
		times: number;
	}[];
	moments_left_out: number;
	moments: ({
		at: string | null;
		from: State;
		to: State;
		kind: string;
		protocol: string;
		sentence: string;
		shows: string | null;
	})[];
	flows_before: number;
	flows_left_out: number;
	flows: ({
		first: string | null;
		last: string | null;
		refused: boolean;
		began: "device" | "peer";
		proto: string;
		port: number;
		place: Place;
		peer: string | null;
		peer_device: string | null;
		name: string | null;
		detail: string | null;
		packets_sent: number;
		packets_received: number;
		bytes_sent: number;
		bytes_received: number;
	})[];
};
/** Every octet that would leave the house, in `document`, and which `fields` it has. */
export type CaseExport = {
	schema: "cardea.case.export/1";
	id: number;
	sha256: string;
	document: string;
	fields?: CaseField[];
};
/** What can leave of any case. */
export type CaseFields = {
	schema: "cardea.case.fields/1";
	level: "shape" | "names" | "peers" | "content";
	fields: CaseField[];
};
/** What a playbook of others asks; none of it is carried out. */
export type Playbook = {
	schema: "cardea.playbook/1";
	taken: boolean;
	name: string;
	by: string;
	steps: ({
		act: "manual" | "if" | "isolate";
		name: string;
		text: string;
	})[];
	refused: number;
	refusals: {
		step: string;
		why: string;
	}[];
};
/** A rule, what it did (`last_hit` null: it was never used), and for a class of devices who
 * is one now. */
export type Rule = {
	id: number;
	source: Layer;
	direction: Direction;
	action: "accept" | "drop" | "pass";
	sentence: string;
	status: RuleStatus;
	detail: string;
	acl: string;
	ace: string;
	line: number;
	members?: number;
	note?: string | null;
	hits?: number;
	bytes?: number;
	last_hit?: string | null;
	counted_since?: string | null;
};
export type Element = {
	set: string;
	family: number;
	mac?: string;
	device?: string;
	rate?: number;
	name_hash?: string;
	suffix?: boolean;
	proto?: number;
	port?: number;
	ether_type?: number;
	peer_mac_from?: string;
	peer_mac_to?: string;
	peer_from?: string;
	peer_to?: string;
	proto_from?: number;
	proto_to?: number;
	device_port_from?: number;
	device_port_to?: number;
	peer_port_from?: number;
	peer_port_to?: number;
};
/** The rules of devices; `ended`: conversations that may not begin again yet. */
export type Policy = {
	schema: "cardea.policy/1";
	backend: string;
	devices: ({
		device: string;
		mac: string;
		state: State;
		since: string | null;
		hold: Hold;
		class: Class;
		problem: string;
		quarantine: string | null;
		profile: string | null;
		rules: Rule[];
		limits: Limit[];
		ended: ({
			peer: string | null;
			proto: string;
			port: number;
			until: string | null;
		})[];
		elements?: Element[];
	})[];
};
/** Why something is refused or allowed, and by which rule. `decided_by`: the other device,
 * where its policy does not take what this one may send. */
export type Why = {
	schema: "cardea.why/1";
	device: string;
	enforced: boolean;
	allowed: boolean;
	verdict: "pass" | "allow" | "refuse" | "violation" | "quarantine" | "redirect" | "would-block";
	reason: string;
	direction: Direction;
	peer: string | null;
	name: string | null;
	proto: string;
	port: number;
	text: string;
	decided_by: string;
	profile: string | null;
	rule: Rule | null;
	event: Event | null;
};
export type OverlayRow = {
	id: number;
	device: string;
	mac: string;
	kind: "refuse" | "allow" | "lan-only" | "no-internet" | "only";
	text: string;
	peer?: string;
	proto?: string;
	port_from: number;
	port_to: number;
	said: string | null;
	until: string | null;
	stored: boolean;
	enforced: boolean;
	moot: boolean;
	note: string | null;
};
/** What you say of a device beside its profile; `until`: it ends then by itself, null: it
 * does not; `moot`: it changes nothing now, and `note` why. */
export type Overlay = {
	schema: "cardea.overlay/1";
	id: number;
	device: string;
	mac: string;
	kind: "refuse" | "allow" | "lan-only" | "no-internet" | "only";
	text: string;
	peer?: string;
	proto?: string;
	port_from: number;
	port_to: number;
	said: string | null;
	until: string | null;
	stored: boolean;
	enforced: boolean;
	moot: boolean;
	note: string | null;
};
/** All that you say. */
export type OverlayList = {
	schema: "cardea.overlay.list/1";
	overlays: OverlayRow[];
};
export type ProfileRow = {
	device: string;
	mac: string;
	form: "mud" | "extended";
	source: Layer;
	taken: string | null;
	in_force: boolean;
	rules: number;
	approximated: number;
	not_enforced: number;
};
/** A profile that you put in force, and its rules. */
export type Profile = {
	schema: "cardea.profile/1";
	device: string;
	mac: string;
	form: "mud" | "extended";
	source: Layer;
	taken: string | null;
	in_force: boolean;
	rules: number;
	approximated: number;
	not_enforced: number;
	list: {
		sentence: string;
		status: RuleStatus;
		detail: string;
		acl: string;
		ace: string;
	}[];
};
/** Profiles that you put in force yourself. */
export type ProfileList = {
	schema: "cardea.profile.list/1";
	profiles: ProfileRow[];
};
/** Who the classes of controllers are (`controllers`), and those that nobody is
 * (`unmapped`), with who might be. */
export type ControllerList = {
	schema: "cardea.controller.list/1";
	controllers: ({
		class: string;
		device: string | null;
		target: string | null;
		target_mac?: string;
		used_by: string[];
	})[];
	unmapped: ({
		class: string;
		device: string | null;
		used_by: string[];
		suggestions: {
			device: string;
			mac: string;
			why: string;
		}[];
	})[];
};
export type Unseen = {
	state: Coverage;
	share: number | null;
	bound: number | null;
	kinds: number;
	singletons: number;
	doubletons: number;
	richness: number | null;
};
export type Learned = {
	episodes: number;
	contexts: {
		[name: string]: {
			episodes: number;
			unseen: Unseen;
		};
	};
	contexts_not_seen: string[];
	kinds: number;
	first: string | null;
	last: string | null;
	unseen: {
		state: Coverage;
		share: number | null;
		bound: number | null;
		kinds: number;
		singletons: number;
		doubletons: number;
		richness: number | null;
		sittings: number;
		another_day: number | null;
	};
	findings: ({
		kind: string;
		text: string;
		count: number;
		when: string | null;
	})[];
};
export type Kind = {
	text: string;
	direction: Direction;
	family: number;
	protocol: string;
	type?: number | null;
	port?: number | null;
	place: Place;
	peer_name: string | null;
	peer_address: string | null;
	peer_mac?: string;
	application: string | null;
	detail: string | null;
	siblings?: number;
	episodes: number;
	contexts: {
		[name: string]: number;
	};
	first: string | null;
	last: string | null;
	flows: number;
	packets: number;
	bytes: {
		from_device: number;
		to_device: number;
		median_of_episode: number;
		p99_of_episode: number;
	};
	period_s: number | null;
};
export type Act = {
	device: string | null;
	name: string;
	kind: Kind;
};
/** What is learned of all devices, and what the sensor told since its start: `held_back`, as
 * one device had more than its share, `lost`, as nobody listened. */
export type LearningList = {
	schema: "cardea.learning.list/1";
	enabled: boolean;
	saved: string | null;
	state_bytes: number;
	observed: {
		packets: number;
		dropped: number;
		malformed: number;
		conversations: number;
		evicted: number;
		records: number;
		held_back: number;
		lost: number;
		strangers: number;
		crowded: number;
	};
	devices: ({
		device: string;
		mac: string;
		learned: boolean;
		episodes: number;
		contexts: {
			[name: string]: {
				episodes: number;
				unseen: Unseen;
			};
		};
		contexts_not_seen: string[];
		kinds: number;
		first: string | null;
		last: string | null;
		unseen: {
			state: Coverage;
			share: number | null;
			bound: number | null;
			kinds: number;
			singletons: number;
			doubletons: number;
			richness: number | null;
			sittings: number;
			another_day: number | null;
		};
		findings: ({
			kind: string;
			text: string;
			count: number;
			when: string | null;
		})[];
	})[];
};
/** What is learned of one: how complete it is, whose words make its policy (`layers`), the
 * rules it would have (`list`) and the conversations behind them. */
export type Learning = {
	schema: "cardea.learning/1";
	device: string;
	learned: boolean;
	mac: string | null;
	name?: string | null;
	dhcp_vendor?: string | null;
	episodes: number;
	contexts: {
		[name: string]: {
			episodes: number;
			unseen: Unseen;
		};
	};
	contexts_not_seen: string[];
	kinds: number;
	first: string | null;
	last: string | null;
	unseen: {
		state: Coverage;
		share: number | null;
		bound: number | null;
		kinds: number;
		singletons: number;
		doubletons: number;
		richness: number | null;
		sittings: number;
		another_day: number | null;
	};
	findings: ({
		kind: string;
		text: string;
		count: number;
		when: string | null;
	})[];
	rules?: number;
	singletons?: string[];
	test?: null;
	problem?: string | null;
	layers: {
		state: "new" | "watched" | "protected" | "quarantined";
		maker: {
			url: string;
			layer: Layer;
			rules: number;
			last_update: string | null;
		} | null;
		adopted: {
			form: "mud" | "extended";
			layer: Layer;
			rules: number;
			taken: string | null;
		} | null;
		owner: string[];
	};
	list?: ({
		sentence: string;
		evidence: string;
		in_mud: string | null;
	})[];
	conversations?: Kind[];
	interactions?: ({
		text: string;
		trigger: Act;
		effect: Act;
		within_s: number | null;
		effects: number;
		precedences: number;
		support: number;
		bound: number | null;
		chance: number | null;
		cross_device: boolean;
		question: boolean;
	})[];
};
/** The same as files: a MUD file, its evidence, an extended profile. */
export type LearningExport = {
	schema: "cardea.learning.export/1";
	device: string;
	mac: string;
	file: string;
	mud: string | null;
	evidence: unknown;
	problem: string | null;
	template: string | null;
	binding: string | null;
	extended_problem: string | null;
};
export type WeekCounts = {
	alerts: number;
	blocked: number;
	false_blocks: number;
	poison: number;
	windows: number;
	proposals: {
		asked: number;
		accepted: number;
		auto_accepted: number;
		rejected: number;
		expired: number;
	};
};
/** A week of the house and of each device whose learned profile is in force. */
export type Week = {
	schema: "cardea.week/1";
	since: string | null;
	house: {
		devices: number;
		alerts: number;
		blocked: number;
		false_blocks: number;
		poison: number;
		windows: number;
		proposals: {
			asked: number;
			accepted: number;
			auto_accepted: number;
			rejected: number;
			expired: number;
		};
	};
	devices: ({
		mac: string;
		name: string;
		alerts: number;
		blocked: number;
		false_blocks: number;
		poison: number;
		windows: number;
		proposals: {
			asked: number;
			accepted: number;
			auto_accepted: number;
			rejected: number;
			expired: number;
		};
		conversations: {
			[name: string]: number;
		};
		versions: number;
		waiting: number;
		window_open: boolean;
		unseen: {
			state: Coverage;
			share: number | null;
			bound: number | null;
		};
	})[];
};
export type ProbeRow = {
	device: string;
	mac: string;
	allowed: boolean;
	class: Class;
	window: string;
	since: string | null;
	state: "idle" | "refusing" | "restoring" | "settling" | "recovering";
	why: string;
	why_text: string;
	recovered: boolean;
	targets: number;
	last?: string | null;
	last_target?: string;
	until?: string | null;
};
export type Probed = {
	text: string;
	direction: Direction;
	place: Place;
	name?: string;
	mac?: string;
	address?: string;
	proto?: string;
	port?: number;
};
/** Devices that may be probed; `why`: what keeps the next one waiting, or ended the last. */
export type ProbeList = {
	schema: "cardea.probe.list/1";
	devices: ProbeRow[];
};
/** One, and what was found by refusing. */
export type Probe = {
	schema: "cardea.probe/1";
	device: string;
	mac: string;
	allowed: boolean;
	class: Class;
	window: string;
	since: string | null;
	state: "idle" | "refusing" | "restoring" | "settling" | "recovering";
	why: string;
	why_text: string;
	recovered: boolean;
	targets: number;
	last?: string | null;
	last_target?: string;
	until?: string | null;
	results: ({
		text: string;
		direction: Direction;
		place: Place;
		name?: string;
		mac?: string;
		address?: string;
		proto?: string;
		port?: number;
		whole_name: boolean;
		need: "unknown" | "essential" | "non-essential";
		done: boolean;
		outcomes: {
			[name: string]: number;
		};
		fallbacks: ({
			text: string;
			direction: Direction;
			place: Place;
			name?: string;
			mac?: string;
			address?: string;
			proto?: string;
			port?: number;
			times: number;
			confirmed: boolean;
			apart: number;
			after_ms: number;
			first: string | null;
			last: string | null;
		})[];
		tries: ({
			when: string | null;
			outcome: string;
			why?: string;
			lasted_s: number;
			attempts: number;
			expected: number;
			went_on: number;
			appeared: number;
		})[];
	})[];
};
/** The device for which something was refused, or null. */
export type ProbeStop = {
	schema: "cardea.probe.stop/1";
	device: string | null;
};
export type AdvisoryRow = {
	advisory: string;
	issuer: string;
	class: "isp" | "vendor" | "csirt" | "community";
	group: string;
	signed: boolean;
	weight: number | null;
	issued: string | null;
	expires: string | null;
	effect: string;
	fixed_in: string;
	homes: number;
	text: string;
	about: {
		mud_url?: string;
		oui?: string;
		cpe?: string;
		matter?: string;
	};
	traffic: {
		domain?: string;
		address?: string;
		proto?: string;
		port?: number;
	} | null;
};
export type Verdict = {
	device: string;
	mac: string;
	effect: string;
	why: string;
	asks_you: boolean;
	asked?: string;
};
/** What outsiders say, and what it comes to for devices; `log_broken`: what is wrong with
 * the log. */
export type AdvisoryList = {
	schema: "cardea.advisory.list/1";
	log_broken: string | null;
	advisories: ({
		id: number;
		state: string;
		taken: string | null;
		advisory: string;
		issuer: string;
		class: "isp" | "vendor" | "csirt" | "community";
		group: string;
		signed: boolean;
		weight: number | null;
		issued: string | null;
		expires: string | null;
		effect: string;
		fixed_in: string;
		homes: number;
		text: string;
		about: {
			mud_url?: string;
			oui?: string;
			cpe?: string;
			matter?: string;
		};
		traffic: {
			domain?: string;
			address?: string;
			proto?: string;
			port?: number;
		} | null;
	})[];
	devices: Verdict[];
};
/** One, and what showed it in devices. */
export type AdvisoryKept = {
	schema: "cardea.advisory.kept/1";
	id: number;
	state: string;
	taken: string | null;
	advisory: string;
	issuer: string;
	class: "isp" | "vendor" | "csirt" | "community";
	group: string;
	signed: boolean;
	weight: number | null;
	issued: string | null;
	expires: string | null;
	effect: string;
	fixed_in: string;
	homes: number;
	text: string;
	about: {
		mud_url?: string;
		oui?: string;
		cpe?: string;
		matter?: string;
	};
	traffic: {
		domain?: string;
		address?: string;
		proto?: string;
		port?: number;
	} | null;
	devices: ({
		device: string;
		mac: string;
		effect: string;
		why: string;
		asks_you: boolean;
		asked?: string;
		evidence: {
			name: string;
			address: string | null;
			proto: string;
			port: number;
			first: string | null;
			last: string | null;
			shared: boolean;
			listed: boolean;
		} | null;
	})[];
};
/** What became of a file of them. */
export type AdvisoryImport = {
	schema: "cardea.advisory.import/1";
	dry_run: boolean;
	advisories: ({
		id: number;
		outcome: "taken" | "renewed" | "revoked" | "known" | "refused";
		why: string;
		advisory: string;
		issuer: string;
		class: "isp" | "vendor" | "csirt" | "community";
		group: string;
		signed: boolean;
		weight: number | null;
		issued: string | null;
		expires: string | null;
		effect: string;
		fixed_in: string;
		homes: number;
		text: string;
		about: {
			mud_url?: string;
			oui?: string;
			cpe?: string;
			matter?: string;
		};
		traffic: {
			domain?: string;
			address?: string;
			proto?: string;
			port?: number;
		} | null;
	})[];
	devices: Verdict[];
};
/** What was done about them, each entry with the digest of all before it; `whole`: nothing
 * is missing or changed. */
export type AdvisoryLog = {
	schema: "cardea.advisory.log/1";
	whole: boolean;
	why: string | null;
	first: number;
	last: number;
	head: string;
	entries: ({
		seq: number;
		at: string | null;
		act: string;
		issuer: string;
		advisory: string;
		device: string;
		text: string;
		digest: string;
	})[];
};
export type IssuerRow = {
	name: string;
	class: "isp" | "vendor" | "csirt" | "community";
	group: string;
	signer: string;
	signer_key: string;
	overturned: number;
	notify_only: boolean;
	added: string | null;
};
/** Who may say such things. */
export type Issuer = {
	schema: "cardea.issuer/1";
	name: string;
	class: "isp" | "vendor" | "csirt" | "community";
	group: string;
	signer: string;
	signer_key: string;
	overturned: number;
	notify_only: boolean;
	added: string | null;
	note?: string | null;
};
/** All of them. */
export type IssuerList = {
	schema: "cardea.issuer.list/1";
	issuers: IssuerRow[];
};
/** Networks that are everybody's. */
export type SharedList = {
	schema: "cardea.shared.list/1";
	networks: {
		prefix: string;
		name: string;
	}[];
};
/** What its maker would be told: `body`, to the octet; `why` it is not sent. */
export type Report = {
	schema: "cardea.report/1";
	device: string;
	mac: string;
	enabled: boolean;
	sent: boolean;
	why: string;
	uri: string | null;
	running: boolean;
	outcome: "delivered" | "failed" | null;
	text: string;
	last: string | null;
	next: string | null;
	body: string | null;
};
export type AttestKeyRow = {
	id: number;
	use: "device" | "maker" | "verifier";
	device: string | null;
	vendor: string | null;
	since: string | null;
};
/** Whose signatures count. */
export type AttestKeys = {
	schema: "cardea.attest.keys/1";
	keys: AttestKeyRow[];
};
/** One; `pem` when it is removed, `note` when it was there. */
export type AttestKey = {
	schema: "cardea.attest.key/1";
	id: number;
	use: "device" | "maker" | "verifier";
	device: string | null;
	vendor: string | null;
	since: string | null;
	pem?: string;
	note?: string | null;
};
/** What a device was to run and has shown that it runs. */
export type Attest = {
	schema: "cardea.attest/1";
	device: string;
	mac: string;
	nonce_until: string | null;
	no_size: string | null;
	manifest: {
		sequence: number;
		accepted: string | null;
		vendor: string | null;
		digest: string | null;
		size?: number;
		images: string[];
		uris: string[];
	} | null;
	fetch: {
		since: string | null;
		octets: number;
		host: string | null;
		whole: string | null;
		started: string | null;
	} | null;
	bootcount?: number;
	ueid: string | null;
	last: {
		at: string | null;
		kind: string;
		good: boolean;
		text: string;
	} | null;
	refused: number;
	keys: AttestKeyRow[];
};
/** A nonce to put into the evidence. */
export type AttestChallenge = {
	schema: "cardea.attest.challenge/1";
	device: string;
	mac: string;
	nonce: string;
	until: string | null;
};
/** What was said of what was handed in. */
export type AttestTaken = {
	schema: "cardea.attest.taken/1";
	device: string;
	mac: string;
	kind: "token" | "result" | "manifest" | "report";
	verdict: "taken" | "forged" | "refused" | "no-key";
	why: string;
	dry_run: boolean;
};
export type ChangeRow = {
	id: number;
	at: string | null;
	who: string;
	sentence: string;
	command: string | null;
	undone: boolean;
	undoes: number;
	until: string | null;
	can_undo: boolean;
	why_not: string | null;
};
/** A change, and what undid it. */
export type Change = {
	schema: "cardea.change/1";
	id: number;
	at: string | null;
	who: string;
	sentence: string;
	command: string | null;
	undone: boolean;
	undoes: number;
	until: string | null;
	can_undo: boolean;
	why_not: string | null;
	dry_run: boolean;
};
/** What was changed, the youngest first; `command` does the same, `why_not` says why there
 * is no way back. */
export type ChangeList = {
	schema: "cardea.change.list/1";
	changes: ChangeRow[];
	next: number | null;
};
export type Role = "viewer" | "owner" | "isp";
export type UserRow = {
	name: string;
	role: Role;
	since: string | null;
	last_login: string | null;
	sessions: number;
};
export type TokenRow = {
	id: number;
	name: string;
	role: Role;
	by: string;
	since: string | null;
	expires: string | null;
	last_used: string | null;
};
/** Who asks. `csrf`: what changes carry as X-Cardea-Csrf; `setup`: nobody owns the gateway
 * yet; `scrypt`: by the control socket alone, for who makes keys of passwords. */
export type Session = {
	schema: "cardea.session/1";
	role: Role | null;
	user: string | null;
	csrf: string | null;
	setup: boolean;
	expires: string | null;
	scrypt?: {
		salt: string;
		log2_n: number;
		r: number;
		p: number;
	};
};
/** Who may log in. */
export type UserList = {
	schema: "cardea.user.list/1";
	users: UserRow[];
};
/** One of them, and its role before. */
export type User = {
	schema: "cardea.user/1";
	name: string;
	role: Role;
	since: string | null;
	last_login: string | null;
	sessions: number;
	was: Role | null;
	dry_run: boolean;
};
/** Programs that may ask. */
export type TokenList = {
	schema: "cardea.token.list/1";
	tokens: ({
		id: number;
		name: string;
		role: Role;
		by: string;
		since: string | null;
		expires: string | null;
		last_used: string | null;
		over: boolean;
	})[];
};
/** One of them; `token`: its text, shown this once. */
export type Token = {
	schema: "cardea.token/1";
	id: number;
	name: string;
	role: Role;
	by: string;
	since: string | null;
	expires: string | null;
	last_used: string | null;
	token: string | null;
	dry_run: boolean;
};
/** As it stands in the file: of a number, a truth, a text, or a list of texts. */
export type SettingValue = boolean | number | string | string[];
/** `applies`: when it holds, or which processes start anew with it. */
export type SettingChange = {
	key: string;
	from: SettingValue;
	to: SettingValue;
	applies: string;
};
/** `by_hand`: only by an editor, as root. `running`: what holds until the next start, where
 * that is not the value. `pending`: what comes back by itself without a confirmation. */
export type Settings = {
	schema: "cardea.settings/1";
	items: ({
		section: string;
		key: string;
		type: "bool" | "int" | "text" | "list";
		value: SettingValue;
		default: SettingValue;
		help: string;
		min?: number;
		max?: number;
		choices?: string[];
		applies: string;
		by_hand?: true;
		running?: SettingValue;
	})[];
	pending: {
		until: string | null;
		changes: SettingChange[];
	} | null;
};
/** What was changed, or would be; of a confirmation, what stays. */
export type SettingsChange = {
	schema: "cardea.settings.change/1";
	dry_run: boolean;
	changes: SettingChange[];
	pending: {
		until: string | null;
		changes: SettingChange[];
	} | null;
};
/** Where the page is; `fingerprint` is SHA-256 of its certificate, in hex. `setup`: the
 * secret that makes an owner, for root alone. */
export type Web = {
	schema: "cardea.web/1";
	enabled: boolean;
	urls: string[];
	fingerprint: string | null;
	owner: boolean;
	setup: {
		secret: string;
		until: string | null;
	} | null;
	dry_run: boolean;
};
export type HouseCounts = {
	devices: number;
	overlays: number;
	decisions: number;
	profiles: number;
	users: number;
	cases: number;
	vault: number;
};
export type HouseAbout = {
	version: string;
	database: number;
	made: string;
	counts: {
		devices: number;
		overlays: number;
		decisions: number;
		profiles: number;
		users: number;
		cases: number;
		vault: number;
	};
};
/** What was made, or would be; `end` leaves none. */
export type Backup = {
	schema: "cardea.backup/1";
	bytes: number;
	sha256: string | null;
	history: boolean;
	about: {
		version: string;
		database: number;
		made: string;
		counts: {
			devices: number;
			overlays: number;
			decisions: number;
			profiles: number;
			users: number;
			cases: number;
			vault: number;
		};
	} | null;
};
/** Octets in hex. */
export type BackupPart = {
	schema: "cardea.backup.part/1";
	from: number;
	part: string;
	next: number | null;
};
/** What comes in; once `checked`, what would change. `settings`: they are on their way.
 * `kept`: houses that a restore has replaced, `keeps` the one of now, once it `ends`. */
export type Restore = {
	schema: "cardea.restore/1";
	state: "idle" | "gives" | "takes" | "checked" | "ends" | "settings";
	bytes: number;
	sha256: string | null;
	about: {
		version: string;
		database: number;
		made: string;
		counts: {
			devices: number;
			overlays: number;
			decisions: number;
			profiles: number;
			users: number;
			cases: number;
			vault: number;
		};
	} | null;
	here: {
		devices: number;
		overlays: number;
		decisions: number;
		profiles: number;
		users: number;
		cases: number;
		vault: number;
	} | null;
	devices: {
		comes: string[];
		goes: string[];
		renamed: {
			from: string;
			to: string;
		}[];
	} | null;
	settings: {
		changes: {
			key: string;
			from: string;
			to: string;
		}[];
		kept: {
			key: string;
			from: string;
			to: string;
		}[];
	} | null;
	last: {
		sha256: string;
		made: string | null;
		at: string | null;
	} | null;
	kept: {
		made: string;
		version: string;
		counts: {
			devices: number;
			overlays: number;
			decisions: number;
			profiles: number;
			users: number;
			cases: number;
			vault: number;
		};
	}[];
	keeps: string | null;
};
/** What each route takes and gives: Routes["GET /v1/devices/{object}"]. */
export interface Routes {
	/** health, processes, back end */
	"GET /v1/status": {
		query: Record<string, never>;
		reply: Status;
	};
	/** the house at a glance: a sentence, what you are asked, the last day */
	"GET /v1/home": {
		query: Record<string, never>;
		reply: Home;
	};
	/** does this gateway only watch, and what would protecting have blocked? */
	"GET /v1/watching": {
		query: {
			effect?: 0 | 1;
		};
		reply: Watching;
	};
	/** all devices with their last day, page by page */
	"GET /v1/roster": {
		query: {
			cursor?: number;
			limit?: number;
			state?: "new" | "learning" | "protected" | "suspicious" | "quarantined" | "updating" | "attesting" | "probation" | "limited" | "away" | "unfixable" | "retired";
			q?: string;
		};
		reply: Roster;
	};
	/** whom a device talks with, and what it may and never did */
	"GET /v1/talks/{object}": {
		query: {
			hours?: number;
		};
		reply: Talks;
	};
	/** all devices */
	"GET /v1/devices": {
		query: Record<string, never>;
		reply: DeviceList;
	};
	/** one device, whole */
	"GET /v1/devices/{object}": {
		query: Record<string, never>;
		reply: Device;
	};
	/** change one thing about it: name, MUD URL, your word for it, class; or hold it */
	"POST /v1/devices/{object}": {
		query: Record<string, never>;
		body: {
			name: string;
		} | {
			mud_url: string;
		} | {
			confirmed: boolean;
		} | {
			quarantine: string;
		} | {
			class: DeviceClass | null;
		};
		reply: Device;
	};
	/** who a device is; one that is not there yet is made */
	"POST /v1/identities": {
		query: Record<string, never>;
		body: {
			mac: string;
			source: "dhcp" | "lldp" | "qr" | "certificate" | "owner";
			mud_url?: string | null;
			mud_signer?: string | null;
			name?: string | null;
		};
		reply: Device | Identity;
	};
	/** what you are asked; with all also what you answered */
	"GET /v1/decisions": {
		query: {
			all?: 0 | 1;
		};
		reply: DecisionList;
	};
	/** answer a question; an answer may be changed; open takes a no back */
	"POST /v1/decisions/{object}": {
		query: Record<string, never>;
		body: {
			answer: "accept" | "reject" | "open";
			choice?: string | null;
		};
		reply: Decision;
	};
	/** open cases; with all also those that are closed */
	"GET /v1/cases": {
		query: {
			device?: string;
			all?: 0 | 1;
		};
		reply: CaseList;
	};
	/** a case, whole; as what would leave of it; as a playbook; of "fields" what can leave */
	"GET /v1/cases/{object}": {
		query: {
			form?: "evidence" | "cacao";
			level?: "shape" | "names" | "peers" | "content";
			cut?: string;
		};
		reply: CaseShow | CaseExport | CaseFields;
	};
	/** the steps of a playbook become questions to you */
	"POST /v1/cases/{object}": {
		query: Record<string, never>;
		body: {
			playbook: string;
			dry_run?: boolean;
		};
		reply: Playbook;
	};
	/** what happened, the oldest first; kind is one or more with commas between; follow stays open, a line an event */
	"GET /v1/events": {
		query: {
			after?: number;
			cursor?: number;
			device?: string;
			kind?: string;
			text?: string;
			limit?: number;
			follow?: 0 | 1;
		};
		reply: EventList | Event;
	};
	/** how far each device is from its own days before, and in what */
	"GET /v1/anomalies": {
		query: {
			days?: number;
		};
		reply: Anomalies;
	};
	/** counts of devices by class, state and confidence; nothing that names one */
	"GET /v1/aggregate": {
		query: Record<string, never>;
		reply: Aggregate;
	};
	/** what a change would have done to what was recorded; changes nothing */
	"POST /v1/effect": {
		query: Record<string, never>;
		body: {
			decision: number;
			device?: string | null;
			hours?: number;
		} | {
			overlay: {
				kind: "refuse" | "allow" | "lan-only" | "no-internet" | "only";
				peer?: string | null;
				proto?: string | null;
				port_from?: number | null;
				port_to?: number | null;
			};
			device: string;
			hours?: number;
		} | {
			profile: string;
			binding?: string | null;
			device: string;
			hours?: number;
		} | {
			learned: true;
			device: string;
			hours?: number;
		};
		reply: Effect;
	};
	/** what waits for your word about a device, beside what is in force */
	"GET /v1/review/{object}": {
		query: {
			decision?: number;
			hours?: number;
		};
		reply: Review;
	};
	/** what happened to a device and where it stood, the youngest first */
	"GET /v1/timeline/{object}": {
		query: {
			cursor?: string;
			limit?: number;
		};
		reply: Timeline;
	};
	/** why something is refused or allowed: of an event, or of a device and a destination */
	"GET /v1/why": {
		query: {
			event: number;
		} | {
			device: string;
			destination: string;
			port?: number;
			proto?: string;
		};
		reply: Why;
	};
	/** the rules of devices, with elements also what the kernel has */
	"GET /v1/policy": {
		query: {
			device?: string;
			elements?: 0 | 1;
		};
		reply: Policy;
	};
	/** what you say beside the profiles */
	"GET /v1/overlays": {
		query: {
			device?: string;
		};
		reply: OverlayList;
	};
	/** say one thing more about a device; for so many seconds, until then, or for good */
	"POST /v1/overlays": {
		query: Record<string, never>;
		body: {
			device: string;
			kind: "refuse" | "allow" | "lan-only" | "no-internet" | "only";
			peer?: string | null;
			proto?: string | null;
			port_from?: number | null;
			port_to?: number | null;
			for?: number | null;
			until?: string | null;
			dry_run?: boolean;
		};
		reply: Overlay;
	};
	/** take it back; or let it hold until then, null: for good */
	"POST /v1/overlays/{object}": {
		query: Record<string, never>;
		body: {
			remove: true;
			dry_run?: boolean;
		} | {
			until: string | null;
			dry_run?: boolean;
		};
		reply: Overlay;
	};
	/** profiles that you put in force yourself */
	"GET /v1/profiles": {
		query: {
			device?: string;
		};
		reply: ProfileList;
	};
	/** put a profile in force; with a binding an extended one */
	"POST /v1/profiles": {
		query: Record<string, never>;
		body: {
			device: string;
			text: string;
			binding?: string | null;
			source?: "owner" | "learned";
			dry_run?: boolean;
		};
		reply: Profile;
	};
	/** take it back */
	"POST /v1/profiles/{object}": {
		query: Record<string, never>;
		body: {
			remove: true;
			dry_run?: boolean;
		};
		reply: Profile;
	};
	/** what is learned of all devices, and how complete it is */
	"GET /v1/learning": {
		query: Record<string, never>;
		reply: LearningList;
	};
	/** what was learned of one, with rules and evidence; export: as files */
	"GET /v1/learning/{object}": {
		query: {
			export?: 0 | 1;
		};
		reply: Learning | LearningExport;
	};
	/** put it in force; learn or not; forget it; end an episode */
	"POST /v1/learning/{object}": {
		query: Record<string, never>;
		body: {
			approve: true;
			now?: boolean;
			interactions?: boolean;
			dry_run?: boolean;
		} | {
			learn: boolean;
		} | {
			again: true;
		} | {
			episode: true;
		};
		reply: Learning | Profile;
	};
	/** who the classes of controllers are, and who might be */
	"GET /v1/controllers": {
		query: Record<string, never>;
		reply: ControllerList;
	};
	/** say who a controller is; target null: nobody */
	"POST /v1/controllers": {
		query: Record<string, never>;
		body: {
			class: string;
			device?: string | null;
			target: string | null;
			add?: boolean;
		};
		reply: ControllerList;
	};
	/** devices that are held */
	"GET /v1/quarantine": {
		query: Record<string, never>;
		reply: QuarantineList;
	};
	/** hold it; release it, in two steps; hosts from which it may be updated */
	"POST /v1/quarantine/{object}": {
		query: Record<string, never>;
		body: {
			release: true;
			code?: string | null;
			reason?: string | null;
			dry_run?: boolean;
		} | {
			add: string;
			dry_run?: boolean;
		} | {
			allow: string;
			dry_run?: boolean;
		} | {
			disallow: string;
			dry_run?: boolean;
		};
		reply: Quarantine;
	};
	/** how devices came where they stand */
	"GET /v1/history": {
		query: {
			device?: string;
			limit?: number;
		};
		reply: QuarantineHistory;
	};
	/** devices that may be probed */
	"GET /v1/probes": {
		query: Record<string, never>;
		reply: ProbeList;
	};
	/** what was found in one device */
	"GET /v1/probes/{object}": {
		query: Record<string, never>;
		reply: Probe;
	};
	/** end what is under way */
	"POST /v1/probes": {
		query: Record<string, never>;
		body: {
			stop: true;
			dry_run?: boolean;
		};
		reply: ProbeStop;
	};
	/** let it be probed, or no longer; end what is under way */
	"POST /v1/probes/{object}": {
		query: Record<string, never>;
		body: {
			allow: true;
			class?: DeviceClass | null;
			window?: string | null;
			dry_run?: boolean;
		} | {
			forbid: true;
			dry_run?: boolean;
		} | {
			stop: true;
			dry_run?: boolean;
		};
		reply: Probe;
	};
	/** what outsiders say, and what it comes to; with all also what counts no more */
	"GET /v1/advisories": {
		query: {
			all?: 0 | 1;
		};
		reply: AdvisoryList;
	};
	/** one, and what showed it */
	"GET /v1/advisories/{object}": {
		query: Record<string, never>;
		reply: AdvisoryKept;
	};
	/** take a file of them */
	"POST /v1/advisories": {
		query: Record<string, never>;
		body: {
			text: string;
			signature?: string | null;
			dry_run?: boolean;
		};
		reply: AdvisoryImport;
	};
	/** object to one, or have it end */
	"POST /v1/advisories/{object}": {
		query: Record<string, never>;
		body: {
			appeal: string;
			dry_run?: boolean;
		} | {
			withdraw: true;
			dry_run?: boolean;
		};
		reply: AdvisoryKept;
	};
	/** what was done about them, and whether the log is whole */
	"GET /v1/advisory-log": {
		query: {
			after?: number;
			limit?: number;
		};
		reply: AdvisoryLog;
	};
	/** who may say such things */
	"GET /v1/issuers": {
		query: Record<string, never>;
		reply: IssuerList;
	};
	/** let one speak */
	"POST /v1/issuers": {
		query: Record<string, never>;
		body: {
			name: string;
			class: "isp" | "vendor" | "csirt" | "community";
			group?: string | null;
			key: string;
			dry_run?: boolean;
		};
		reply: Issuer;
	};
	/** it speaks no longer; what it said ends */
	"POST /v1/issuers/{object}": {
		query: Record<string, never>;
		body: {
			remove: true;
			dry_run?: boolean;
		};
		reply: Issuer;
	};
	/** networks that are everybody's */
	"GET /v1/shared": {
		query: Record<string, never>;
		reply: SharedList;
	};
	/** say that a network is everybody's, or no longer */
	"POST /v1/shared": {
		query: Record<string, never>;
		body: {
			prefix: string;
			name?: string | null;
			remove?: boolean;
			dry_run?: boolean;
		};
		reply: SharedList;
	};
	/** what a device runs */
	"POST /v1/firmware": {
		query: Record<string, never>;
		body: {
			device: string;
			label: string;
			dry_run?: boolean;
		};
		reply: Firmware;
	};
	/** configurations of a device; version gives one, 0 the newest */
	"GET /v1/vaults/{object}": {
		query: {
			version?: number;
		};
		reply: Vault | VaultVersion;
	};
	/** put one more, or remove one */
	"POST /v1/vaults/{object}": {
		query: Record<string, never>;
		body: {
			name: string;
			bytes: string;
			dry_run?: boolean;
		} | {
			remove: number;
			dry_run?: boolean;
		};
		reply: Vault;
	};
	/** all that you said of a device */
	"GET /v1/views/{object}": {
		query: Record<string, never>;
		reply: View;
	};
	/** it takes another's place */
	"POST /v1/replacements/{object}": {
		query: Record<string, never>;
		body: {
			of: string;
			anyway?: boolean;
			dry_run?: boolean;
		};
		reply: Replacement;
	};
	/** it is gone for good; false lets it in again as a new one */
	"POST /v1/retired/{object}": {
		query: Record<string, never>;
		body: {
			retire: boolean;
			dry_run?: boolean;
		};
		reply: Device;
	};
	/** what its maker would be told, to the byte */
	"GET /v1/reports": {
		query: {
			device: string;
		};
		reply: Report;
	};
	/** alerts, false blocks and what is unseen, of a week */
	"GET /v1/weeks": {
		query: {
			ago?: number;
		};
		reply: Week;
	};
	/** send it now */
	"POST /v1/reports": {
		query: Record<string, never>;
		body: {
			device: string;
		};
		reply: Report;
	};
	/** whose signatures count, and for whom */
	"GET /v1/attest-keys": {
		query: Record<string, never>;
		reply: AttestKeys;
	};
	/** trust a key: of a device, a maker or a verifier */
	"POST /v1/attest-keys": {
		query: Record<string, never>;
		body: {
			device?: string | null;
			vendor?: string | null;
			use?: "device" | "maker" | "verifier" | null;
			pem: string;
			dry_run?: boolean;
		};
		reply: AttestKey;
	};
	/** trust it no longer; the answer has the key, so that it can be added again */
	"POST /v1/attest-keys/{object}": {
		query: Record<string, never>;
		body: {
			remove: true;
			dry_run?: boolean;
		};
		reply: AttestKey;
	};
	/** what a device has shown that it runs */
	"GET /v1/attest/{object}": {
		query: Record<string, never>;
		reply: Attest;
	};
	/** ask it to show what it runs; hand in what it showed; forget that */
	"POST /v1/attest/{object}": {
		query: Record<string, never>;
		body: {
			challenge: true;
		} | {
			forget: true;
			dry_run?: boolean;
		} | {
			kind: "token" | "result" | "manifest" | "report";
			data: string;
			dry_run?: boolean;
		};
		reply: Attest | AttestChallenge | AttestTaken;
	};
	/** what was changed by whom, the youngest first, and what can be undone */
	"GET /v1/changes": {
		query: {
			cursor?: number;
			limit?: number;
		};
		reply: ChangeList;
	};
	/** undo a change, for 24 hours; 409 where the world moved on */
	"POST /v1/changes/{object}": {
		query: Record<string, never>;
		body: {
			undo: true;
			dry_run?: boolean;
		};
		reply: Change;
	};
	/** processes, what they take, back end, store */
	"GET /v1/system": {
		query: Record<string, never>;
		reply: System;
	};
	/** whom this gateway tells what, to the octet */
	"GET /v1/sinks": {
		query: Record<string, never>;
		reply: SinkList;
	};
	/** send once, now; 409 where nothing would be sent */
	"POST /v1/sinks/{object}": {
		query: Record<string, never>;
		body: {
			test: true;
		};
		reply: SinkTest;
	};
	/** the gateway's state for somebody who is to help, without names or addresses */
	"GET /v1/bundle": {
		query: Record<string, never>;
		reply: Bundle;
	};
	/** figures for Prometheus */
	"GET /v1/metrics": {
		query: Record<string, never>;
		reply: string;
	};
	/** end the gateway; open takes the rules away */
	"POST /v1/stop": {
		query: Record<string, never>;
		body: {
			open?: boolean;
		};
		reply: Stop;
	};
	/** who you are, what you may, and the word that changes have to carry */
	"GET /v1/session": {
		query: Record<string, never>;
		reply: Session;
	};
	/** log in, or out, or out everywhere; a page says password in place of key */
	"POST /v1/session": {
		query: Record<string, never>;
		body: {
			user: string;
			key: string;
		} | {
			end: true;
		} | {
			end_all: true;
		};
		reply: Session;
	};
	/** become the owner, with the secret that `cardea web` shows */
	"POST /v1/setup": {
		query: Record<string, never>;
		body: {
			secret: string;
			user?: string;
			key: string;
		};
		reply: Session;
	};
	/** events as they happen, and what changed; Last-Event-ID goes on where it was */
	"GET /v1/stream": {
		query: {
			after?: number;
		};
		reply: string;
	};
	/** who may log in */
	"GET /v1/users": {
		query: Record<string, never>;
		reply: UserList;
	};
	/** one more; a page says password in place of key */
	"POST /v1/users": {
		query: Record<string, never>;
		body: {
			name: string;
			role: "owner" | "viewer" | "isp";
			key: string;
			dry_run?: boolean;
		};
		reply: User;
	};
	/** another password, for who is no owner only his own; another role; out everywhere; gone */
	"POST /v1/users/{object}": {
		query: Record<string, never>;
		body: {
			key: string;
			old_key?: string;
			dry_run?: boolean;
		} | {
			role: "owner" | "viewer" | "isp";
			dry_run?: boolean;
		} | {
			remove: true;
			dry_run?: boolean;
		} | {
			end_all: true;
			dry_run?: boolean;
		};
		reply: User;
	};
	/** which programs may ask */
	"GET /v1/tokens": {
		query: Record<string, never>;
		reply: TokenList;
	};
	/** one more; its text is shown this once */
	"POST /v1/tokens": {
		query: Record<string, never>;
		body: {
			name: string;
			role: "viewer" | "isp";
			days?: number;
			dry_run?: boolean;
		};
		reply: Token;
	};
	/** it opens nothing any more */
	"POST /v1/tokens/{object}": {
		query: Record<string, never>;
		body: {
			remove: true;
			dry_run?: boolean;
		};
		reply: Token;
	};
	/** the owner's settings, what each may be, and by what a change is carried out */
	"GET /v1/settings": {
		query: Record<string, never>;
		reply: Settings;
	};
	/** change some; a whole file; the file as it stands; confirm what waits, or take it back */
	"POST /v1/settings": {
		query: Record<string, never>;
		body: {
			set: {
				[name: string]: unknown;
			};
			expect?: {
				[name: string]: unknown;
			};
			dry_run?: boolean;
			confirm_within?: number;
		} | {
			file: string;
			dry_run?: boolean;
			confirm_within?: number;
		} | {
			reload: true;
			dry_run?: boolean;
		} | {
			confirm: true;
			dry_run?: boolean;
		} | {
			rollback: true;
			dry_run?: boolean;
		};
		reply: SettingsChange;
	};
	/** a piece of it; for root alone */
	"GET /v1/backup": {
		query: {
			from: number;
		};
		reply: BackupPart;
	};
	/** make one, or forget it; for root alone */
	"POST /v1/backup": {
		query: Record<string, never>;
		body: {
			end: true;
		} | {
			history: boolean;
			dry_run?: boolean;
		};
		reply: Backup;
	};
	/** what is restored; for root alone */
	"GET /v1/restore": {
		query: Record<string, never>;
		reply: Restore;
	};
	/** bring one in, check it by its SHA-256, or one that was kept, put it in place; or forget it; for root alone */
	"POST /v1/restore": {
		query: Record<string, never>;
		body: {
			begin: number;
		} | {
			from: number;
			part: string;
		} | {
			check: string;
		} | {
			kept: string;
		} | {
			commit: string;
		} | {
			end: true;
		};
		reply: Restore;
	};
	/** where the page is and how to know it; for root also the setup secret */
	"GET /v1/web": {
		query: Record<string, never>;
		reply: Web;
	};
	/** another setup secret, for root alone: the way back to a lost password */
	"POST /v1/web": {
		query: Record<string, never>;
		body: {
			new_secret: true;
			dry_run?: boolean;
		};
		reply: Web;
	};
}
