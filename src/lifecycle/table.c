// SPDX-License-Identifier: GPL-2.0-or-later
/* The table: all that can happen to a device, and nothing else can. */
#include "lifecycle/lifecycle.h"

#define IN(s) (1U << LIFE_##s)
#define SERVICE (IN(NEW) | IN(LEARNING) | IN(PROTECTED) | IN(SUSPICIOUS))
#define HELD (IN(QUARANTINED) | IN(LIMITED) | IN(UPDATING) | IN(ATTESTING) | IN(UNFIXABLE))
#define ALL (SERVICE | HELD | IN(PROBATION) | IN(AWAY))

#define ISOLATE (LIFE_DO_ISOLATE | LIFE_DO_CASE_OPEN | LIFE_DO_TELL | LIFE_DO_ASK)
#define LIMIT (LIFE_DO_LIMIT | LIFE_DO_CASE_OPEN | LIFE_DO_TELL | LIFE_DO_ASK)
#define RETURN (LIFE_DO_ENFORCE | LIFE_DO_TIGHTEN | LIFE_DO_TELL)
#define SERVED (LIFE_DO_CASE_CLOSE | LIFE_DO_TELL | LIFE_DO_LOOSEN)

static const char *is_critical(const struct life *l, const struct life_facts *f)
{
	(void)l;
	return f->critical ? NULL : "it is not critical";
}

static const char *is_enforceable(const struct life *l, const struct life_facts *f)
{
	(void)l;
	return f->enforceable ? NULL : "it has no profile that could be enforced";
}

static const char *by_owner(const struct life *l, const struct life_facts *f)
{
	(void)l;
	return f->by_device ? "a device has no say in what is done with it" : NULL;
}

/* Malware in the LAN would call the gateway's own interface, and owners learn to say OK. */
static const char *by_owner_twice(const struct life *l, const struct life_facts *f)
{
	if (by_owner(l, f))
		return "nobody is released by a request from its own address";
	return f->steps < 2 ? "a release needs the owner's word a second time" : NULL;
}

/* A return without a human being: good enough, and not once too often. */
static const char *is_proven(const struct life *l, const struct life_facts *f)
{
	bool counts = f->now - l->first_return < LIFE_RETURNS_WITHIN;

	if (f->level == LIFE_L_NONE || f->level < f->least)
		return "its class demands better evidence for a return";
	if (counts && l->returns >= LIFE_RETURNS_MAX)
		return "it came back by itself too often; now only the owner can "
		       "release it";
	return NULL;
}

static const char *is_absolved(const struct life *l, const struct life_facts *f)
{
	(void)l;
	return f->accused_alone ? NULL : "it is held for more than what others say";
}

/* Only its owner makes what is critical dark. */
static const char *is_needed(const struct life *l, const struct life_facts *f)
{
	if (by_owner(l, f))
		return by_owner(l, f);
	if (l->by_owner)
		return "its owner wants it isolated";
	return l->held == LIFE_LIMITED ? "it may work in this house already"
				       : is_critical(l, f);
}

static const char *is_present(const struct life *l, const struct life_facts *f)
{
	(void)l;
	return f->now - f->seen > LIFE_DAY ? "it was not there to prove itself" : NULL;
}

static const char *is_present_enforceable(
	const struct life *l, const struct life_facts *f)
{
	const char *no = is_present(l, f);

	return no ? no : is_enforceable(l, f);
}

static const struct life_arc table[] = {
	/* getting to know it */
	{IN(NEW), LIFE_WATCH, LIFE_LEARNING, NULL, LIFE_DO_WATCH, false, "sighting", "",
		"$ has no profile yet; what it does is learned"},
	{IN(NEW) | IN(LEARNING), LIFE_PROFILE, LIFE_PROTECTED, NULL, LIFE_DO_ENFORCE,
		false, "profile", "MUD", "the profile of $ is enforced"},
	{IN(PROTECTED) | IN(SUSPICIOUS), LIFE_PROFILE_LOST, LIFE_LEARNING, NULL,
		LIFE_DO_WATCH | LIFE_DO_TELL, false, "profile", "MUD",
		"$ has no usable profile any more; what it does is learned"},

	/* suspicion: shown, and nobody is called. Who is called for each learns to say OK */
	{IN(LEARNING) | IN(PROTECTED), LIFE_RAISED, LIFE_SUSPICIOUS, NULL,
		LIFE_DO_CASE_OPEN, false, "violations",
		"IPFIX", "$ does what it is not for; it is watched closely"},
	{IN(SUSPICIOUS), LIFE_CLEARED, LIFE_PROTECTED, is_enforceable,
		LIFE_DO_CASE_CLOSE, false, "quiet", "MUD",
		"$ is no longer suspicious"},
	{IN(SUSPICIOUS), LIFE_CLEARED, LIFE_LEARNING, NULL,
		LIFE_DO_CASE_CLOSE, false, "quiet", "MUD",
		"$ is no longer suspicious"},

	/* out of service; who is critical goes on within the house */
	{SERVICE | IN(PROBATION), LIFE_CONVICTED, LIFE_LIMITED, is_critical, LIMIT, false,
		"attack", "MILE",
		"$ attacks, and is needed: it may work in this house, and fetch updates"},
	{SERVICE | IN(PROBATION), LIFE_CONVICTED, LIFE_QUARANTINED, NULL, ISOLATE, false,
		"attack", "MILE",
		"$ is in quarantine: it attacks. It may fetch updates"},
	{SERVICE | IN(PROBATION), LIFE_ACCUSED, LIFE_LIMITED, is_critical, LIMIT, false,
		"advisory", "STIX",
		"others report $, and its own traffic shows it; it is needed, and may work "
		"in this house"},
	{SERVICE | IN(PROBATION), LIFE_ACCUSED, LIFE_QUARANTINED, NULL, ISOLATE, false,
		"advisory", "STIX",
		"$ is in quarantine: others report it, and its own traffic shows it"},
	{IN(PROBATION), LIFE_RAISED, LIFE_LIMITED, is_critical, LIMIT, false, "violations",
		"IPFIX", "$ offends again while on probation; it may work in this house"},
	{IN(PROBATION), LIFE_RAISED, LIFE_QUARANTINED, NULL, ISOLATE, false, "violations",
		"IPFIX", "$ is in quarantine again: it offended while on probation"},
	{SERVICE | IN(PROBATION) | IN(LIMITED) | IN(AWAY), LIFE_OWNER_ISOLATES,
		LIFE_QUARANTINED, by_owner, LIFE_DO_ISOLATE | LIFE_DO_CASE_OPEN, false,
		"owner", "", "$ is in quarantine, as its owner wants"},
	{IN(UPDATING) | IN(ATTESTING) | IN(UNFIXABLE), LIFE_OWNER_ISOLATES,
		LIFE_QUARANTINED, by_owner, LIFE_DO_ISOLATE, false, "owner", "",
		"$ is in quarantine, as its owner wants"},
	{IN(QUARANTINED) | IN(UPDATING) | IN(ATTESTING) | IN(UNFIXABLE), LIFE_NEEDED,
		LIFE_LIMITED, is_needed, LIFE_DO_LIMIT | LIFE_DO_TELL, false, "owner", "",
		"$ is needed, as its owner says: it may work in this house, and fetch updates"},

	/* the way back */
	{IN(QUARANTINED) | IN(LIMITED) | IN(UNFIXABLE), LIFE_FETCHING, LIFE_UPDATING, NULL,
		0, false, "update-traffic", "SUIT", "$ fetches an update"},
	{IN(UPDATING), LIFE_FETCHED, LIFE_PROBATION, is_proven, RETURN, true,
		"update-traffic", "SUIT",
		"$ fetched its update and started anew; it is on probation"},
	{IN(UPDATING), LIFE_FETCHED, LIFE_ATTESTING, NULL, LIFE_DO_CHALLENGE, false,
		"update-traffic", "SUIT",
		"$ fetched its update; now it has to show what it runs"},
	{IN(UPDATING), LIFE_STALLED, LIFE_TO_HELD, NULL, LIFE_DO_TELL, false,
		"update-traffic", "SUIT", "the update of $ did not come to an end"},
	{IN(ATTESTING), LIFE_STALLED, LIFE_TO_HELD, NULL, LIFE_DO_TELL, false, "silence",
		"RATS", "$ did not show what it runs"},
	{HELD, LIFE_EVIDENCE, LIFE_PROBATION, is_proven, RETURN, true, "attestation", "RATS",
		"$ showed that it runs good firmware; it is on probation"},
	{HELD, LIFE_FORGED, LIFE_TO_HELD, NULL, LIFE_DO_TELL, false, "forgery", "RATS",
		"what $ showed is forged, old or another's: nothing changes for it"},
	{HELD, LIFE_OWNER_RELEASES, LIFE_PROBATION, by_owner_twice, RETURN, true, "owner",
		"", "$ is released by its owner; it is on probation"},
	{HELD, LIFE_ABSOLVED, LIFE_PROBATION, is_absolved, RETURN, true, "advisory", "STIX",
		"nobody accuses $ any longer; it is on probation"},
	{IN(QUARANTINED) | IN(LIMITED), LIFE_HOPELESS, LIFE_UNFIXABLE, NULL,
		LIFE_DO_TELL | LIFE_DO_ASK, false, "no-update", "SUIT",
		"nobody mends $: no update in all this time"},
	{IN(PROBATION), LIFE_SERVED, LIFE_PROTECTED, is_present_enforceable,
		LIFE_DO_ENFORCE | SERVED, true, "probation", "",
		"$ served its probation; it is in service again"},
	{IN(PROBATION), LIFE_SERVED, LIFE_LEARNING, is_present, LIFE_DO_WATCH | SERVED, true,
		"probation", "", "$ served its probation; what it does is learned"},

	/* absence, and the end */
	{SERVICE | HELD | IN(PROBATION), LIFE_GONE, LIFE_AWAY, NULL, 0, false, "silence", "",
		"$ was not seen for a month"},
	{IN(AWAY), LIFE_SEEN_AGAIN, LIFE_TO_BEFORE, NULL, LIFE_DO_TELL, false, "sighting", "",
		"$ is back"},
	{ALL, LIFE_OWNER_RETIRES, LIFE_RETIRED, by_owner,
		LIFE_DO_REFUSE | LIFE_DO_CASE_CLOSE, false, "owner", "",
		"$ is out of service for good"},
	{IN(RETIRED), LIFE_OWNER_READMITS, LIFE_NEW, by_owner, LIFE_DO_WATCH, true, "owner",
		"", "$ may come back, as a new device"},
};

const struct life_arc *life_arc_at(size_t i)
{
	return i < sizeof(table) / sizeof(table[0]) ? &table[i] : NULL;
}
