// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* limits - every number that bounds something a device, file or server controls, with
 * its reason. A limit that only one file needs stands at the top of that file. */
#ifndef CARDEA_MODEL_LIMITS_H
#define CARDEA_MODEL_LIMITS_H

/* Text */
#define LIMIT_NAME 256	       /* DNS name in text: 253 + NUL, rounded (RFC 1035 2.3.4) */
#define LIMIT_URL 512	       /* DHCPv4 carries 255 octets (RFC 8520 10); redirects more */
#define LIMIT_TEXT 256	       /* sentences between processes */
#define LIMIT_LABEL 64	       /* ACL and ACE names kept for provenance (RFC 8519: 64) */
#define LIMIT_HOSTNAME 64      /* DHCP option 12, one label (RFC 2132 3.14) */
#define LIMIT_SYSTEMINFO 64    /* RFC 8520 3.7: 60 characters should be shown */
#define LIMIT_IFNAME 16	       /* IFNAMSIZ */

/* House */
#define LIMIT_DEVICES 1024     /* a small office; bounds memory of the inventory */
#define LIMIT_ADDRS_PER_DEVICE 16 /* one IPv4, link-local, several RFC 8981 addresses */
#define LIMIT_LANS 8	       /* LAN interfaces */
#define LIMIT_LAN_PREFIXES 16  /* over all LAN interfaces and families */

/* Profiles */
#define LIMIT_MUD_BYTES (256 * 1024) /* biggest public file is 132 KiB; 10 MB is hostile */
#define LIMIT_MUD_DEPTH 24     /* RFC 8520 files nest 12 deep */
#define LIMIT_MUD_ACES 1000    /* biggest public file has 201 ACEs */
#define LIMIT_RULES 2048       /* per device, after expansion (neq makes two) */
#define LIMIT_TLS_PROFILES 8  /* RFC 9761: one a purpose; the published ones have one */
#define LIMIT_U16_LIST 256     /* parameters of one kind; all of OpenSSL's ciphers: 180 */
#define LIMIT_PROFILE_LIMITS 16 /* services with a bandwidth in one file */
#define LIMIT_LINKS 32	       /* SBOMs, contacts, licences shown for one file */
#define LIMIT_NOTES 64	       /* findings reported for one file; the rest is counted */
#define LIMIT_CLASS_ADDRS 4096 /* addresses of all members of one class of devices */
#define LIMIT_BLOCKS 32	       /* conversations ended by us, per device, at once */
#define LIMIT_OPENINGS 8       /* protocol and port pairs of one name: what fits the kernel's
				* value; published files have at most 3 */
#define LIMIT_BOXES 8192       /* disjoint kernel elements per device */
#define LIMIT_TRIGGERS 256     /* of one profile: one for each of a template's permits, and
				* for the steps of its interactions that others wait for */
#define LIMIT_OPEN_S 86400     /* for how long one may open something; a day */

/* The owner */
#define LIMIT_DECISIONS 256    /* open questions; beyond, the oldest of a device goes */
#define LIMIT_CONTROLLERS 256  /* classes that the owner has mapped to devices */
#define LIMIT_OVERLAYS 64      /* what the owner says of one device beside its file */
#define LIMIT_OVERLAY_S (30 * 86400) /* ... for a while: who means longer means for good */
#define LIMIT_ADOPTED_BYTES (256 * 1024) /* a profile that he brings, and its binding: as
				* much as a MUD file and a template may have */
#define LIMIT_UPDATE_HOSTS 48  /* where one held device may fetch updates: 16 a source, so
				* that none crowds out another's */
#define LIMIT_URL_HISTORY 16   /* MUD URLs remembered per device, against rollback */

/* Names */
#define LIMIT_ANSWER_ADDRS 128 /* addresses in one DNS answer; 300 is an attack */
#define LIMIT_BINDINGS 512     /* live name bindings per device */
/* An answer over UDP within these is read by the kernel's program (BPF back end), if that
 * enforces; all others are held by the resolver until their addresses are open. */
#define LIMIT_INLINE_BYTES 1232 /* what we let UDP have (DNS flag day 2020) */
#define LIMIT_INLINE_RECORDS 48 /* of all sections; 1232 octets hold 75 at best */
#define LIMIT_INLINE_LABELS 24	/* of any name in it; real ones have at most ten */
#define LIMIT_INLINE_ADDRS 64	/* addresses and hints of one answer; each may be
				 * written once for each port of the name */
#define BINDING_GRACE_S 600    /* an address outlives its TTL by this, for clients that
				* cache too long; live flows are kept by the flow set */
#define BINDING_TTL_MIN_S 60   /* TTL 0 answers are used right after they are got */
#define BINDING_TTL_MAX_S 86400

/* Evidence */
#define LIMIT_EVENTS 100000    /* stored, 25 MB at most; the oldest go: a year of a house in
				* which 270 things a day happen */
#define LIMIT_EVENT_RATE 10    /* violations per device and second that reach the engine */
#define LIMIT_EVENT_BURST 40

/* Fetching */
#define LIMIT_REDIRECTS 5
#define LIMIT_FETCH_S 20       /* whole transfer; a slow server must not hold a device */
#define LIMIT_SIGNATURE_BYTES (64 * 1024) /* CMS with a chain of certificates */
#define LIMIT_FETCHES 8	       /* at once */
#define LIMIT_REPORTS 4	       /* at once, beside the fetches: both have TLS sessions */
#define LIMIT_REPORT_BYTES (64 * 1024) /* some 300 rules with a word each */
#define LIMIT_REPORT_PART 4097 /* 4 KiB and NUL: two would fill a message */

/* The face towards devices (process web) */
#define LIMIT_WEB_BODY (32 * 1024) /* of evidence: the published tokens have below 1 KiB,
				* manifests 5; post-quantum signatures add some */
#define LIMIT_WEB_CHUNK 4096   /* of a body, in one message; a reply is one at most */

/* The face towards people (process web), and who they are */
#define LIMIT_WEB_PIPES 48     /* requests of all browsers at once, streams included; root's
				* own socket has its places apart */
#define LIMIT_USER 32	       /* a name to log in with, and NUL */
#define LIMIT_USERS 16	       /* a family, and guests */
#define LIMIT_SESSIONS 64      /* of all users: four browsers each; a user's oldest goes */
#define LIMIT_TOKENS 32	       /* programs that ask: dashboards, a provider */

#endif
