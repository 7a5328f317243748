// SPDX-License-Identifier: GPL-2.0-or-later
/* skeleton_text - the whole datapath as nft text. Only skeleton.c includes this, and
 * fills in the words that begin with $.
 *
 * Two tables hold the same sets under the same names. `bridge cardea` judges what a
 * bridge forwards, `inet cardea` what is routed and what is meant for the gateway; the
 * policy chains are the same text in both. In them `return` says "this side accepts":
 * the other side's policy and then the owner's own tables still decide. Packets of
 * unmanaged devices meet a few set look-ups and pass.
 *
 * owned6 and bound6 read 16 raw bytes (@nh,64,128 is the IPv6 source, @nh,192,128 the
 * destination, @th,64,128 the target of a neighbour advertisement, RFC 4861 4.4): nft
 * has no name for that target, and a set has one type. local4/6 have the Ethernet type
 * in front to be concatenations, which keep whole ranges, like all other range sets. */
#ifndef CARDEA_ENFORCE_NFT_SKELETON_TEXT_H
#define CARDEA_ENFORCE_NFT_SKELETON_TEXT_H

#include "model/limits.h"

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

/* Enforced devices, with room for those just replaced. */
#define DEVICES "size 4096"
/* Conversations at once, over all devices. A full set opens nothing more. */
#define FLOWS "size 65535"
/* New conversations per device: far above any appliance, and so low that its half-open
 * and UDP conversations (180 s) cannot fill the flow set. */
#define FLOW_RATE "limit rate over 100/second burst 1000 packets"
#define EVENT_RATE                                                                       \
	"limit rate " TEXT(LIMIT_EVENT_RATE) "/second burst " TEXT(                      \
		LIMIT_EVENT_BURST) " packets"
/* TCP: RFC 5382 5 asks for 2 h 4 min idle; handshake and close are short. UDP: RFC 4787
 * 4.3 asks for 2 min or more. */
#define TCP_SHORT "timeout 60s"
#define TCP_LONG "timeout 7440s"
#define UDP_IDLE "timeout 180s"
#define ECHO_IDLE "timeout 30s"

static const char text_sets[] =
	"chain $version { }\n"
	"set probe { type ether_addr; flags timeout; }\n"
	"set gateway { type ether_addr; $gateways }\n"
	"set managed { type ether_addr; }\n"
	"set rate_f { type ether_addr; flags dynamic,timeout; " DEVICES "; timeout 60s; }\n"
	"set logged_f { type ether_addr; flags dynamic,timeout; " DEVICES "; timeout 60s; }\n"
	"set denied_f { type ether_addr; flags dynamic,timeout; " DEVICES "; timeout 1d;"
	" counter; }\n";

static const char text_sets_family[] =
	"set policed$v { type $addr; }\n"
	"set bound$v { typeof ether saddr . $source; }\n"
	"set owned$v { typeof $source; }\n"
	"set local$v { typeof meta protocol . $ip saddr; flags interval; }\n"
	"set out$v { type ether_addr . $addr . inet_proto . inet_service; flags timeout; }\n"
	"set outr$v { type ether_addr . $addr . inet_proto . inet_service . inet_service;"
	" flags interval,timeout; }\n"
	"set inr$v { type $addr . $addr . inet_proto . inet_service . inet_service;"
	" flags interval,timeout; }\n"
	"set flows$v { type $addr . $addr . inet_proto . inet_service . inet_service;"
	" flags dynamic,timeout; " FLOWS "; " UDP_IDLE "; }\n"
	"set echo$v { typeof $ip saddr . $ip daddr . $icmp id;"
	" flags dynamic,timeout; " FLOWS "; " ECHO_IDLE "; }\n"
	"set rate_t$v { type $addr; flags dynamic,timeout; " DEVICES "; timeout 60s; }\n"
	"set logged_t$v { type $addr; flags dynamic,timeout; " DEVICES "; timeout 60s; }\n"
	"set denied_t$v { type $addr; flags dynamic,timeout; " DEVICES "; timeout 1d;"
	" counter; }\n";

/* The end of a refused packet: count it, report some, drop. The prefix of the report is
 * what the sensor reads. */
static const char text_refuse[] =
	"chain $refusal$suffix {\n"
	" update @denied_$suffix { $who }\n"
	" update @logged_$suffix { $who " EVENT_RATE " }"
	" log prefix \"cardea:$prefix\" group $group snaplen 192\n"
	" drop\n"
	"}\n";

/* One direction's policy for one family; $d is f (from the device) or t. Only packets
 * to the device keep a TCP conversation beyond its handshake: that takes a peer who
 * answers. When the flow set is full the first packet passes and its replies do not. */
static const char text_policy[] =
	"chain $d$v {\n"
	" meta l4proto vmap { tcp : goto $d_tcp$v, udp : goto $d_udp$v,"
	" $icmp : goto $d_icmp$v }\n"
	" $passother\n"
	" goto $d_rules$v\n"
	"}\n"
	"chain $d_tcp$v {\n"
	" $flow @flows$v goto $d_known$v\n"
	" goto $d_rules$v\n"
	"}\n"
	"chain $d_known$v {\n"
	" tcp flags & (fin | rst) != 0 update @flows$v { $flow " TCP_SHORT " } return\n"
	" $alive\n"
	"}\n"
	"chain $d_udp$v {\n"
	" $flow @flows$v update @flows$v { $flow " UDP_IDLE " } return\n"
	" $passudp\n"
	" goto $d_rules$v\n"
	"}\n"
	"chain $d_icmp$v {\n"
	" $icmp type { echo-request, echo-reply } $echo @echo$v update @echo$v"
	" { $echo " ECHO_IDLE " } return\n"
	" $passicmp\n"
	" $related\n"
	" goto $d_rules$v\n"
	"}\n"
	"chain $d_rules$v {\n"
	" $rules goto $d_open$v\n"
	" goto $deny\n"
	"}\n"
	"chain $d_open$v {\n"
	" meta l4proto { tcp, udp } goto $d_flow$v\n"
	" $icmp type echo-request goto $d_echo$v\n"
	"}\n"
	"chain $d_flow$v {\n"
	" update @rate_$suffix { $who " FLOW_RATE " } counter drop\n"
	" meta l4proto udp update @flows$v { $flow " UDP_IDLE " } return\n"
	" tcp flags & (syn | fin | rst) != 0 update @flows$v { $flow " TCP_SHORT
	" } return\n"
	" meta l4proto tcp update @flows$v { $flow " TCP_LONG " }\n"
	"}\n"
	"chain $d_echo$v {\n"
	" update @rate_$suffix { $who " FLOW_RATE " } counter drop\n"
	" update @echo$v { $echo " ECHO_IDLE " }\n"
	"}\n";

/* Nobody but its owner uses an owned address; a managed device uses the LAN's own
 * (RFC 2827) and is neither router nor DHCP server. */
static const char text_guard[] =
	"chain guard4 {\n"
	" ip saddr @owned4 ether saddr . ip saddr != @bound4 goto spoof_f\n"
	" ether saddr @managed goto guard_managed4\n"
	"}\n"
	"chain guard_managed4 {\n"
	" ip saddr != 0.0.0.0 meta protocol . ip saddr != @local4 goto spoof_f\n"
	" udp sport 67 goto rogue_f\n"
	"}\n"
	"chain guard6 {\n"
	" @nh,64,128 @owned6 ether saddr . @nh,64,128 != @bound6 goto spoof_f\n"
	" icmpv6 type nd-neighbor-advert @th,64,128 @owned6"
	" ether saddr . @th,64,128 != @bound6 goto spoof_f\n"
	" ether saddr @managed goto guard_managed6\n"
	"}\n"
	"chain guard_managed6 {\n"
	" ip6 saddr != :: meta protocol . ip6 saddr != @local6 goto spoof_f\n"
	" icmpv6 type { nd-router-advert, nd-redirect } goto rogue_f\n"
	" udp sport 547 goto rogue_f\n"
	"}\n";

/* Fragments that a bridge forwards carry no ports to judge; those for the gateway are
 * put together before the inet table sees them. Priority -200 comes before br_netfilter
 * hands a packet to the inet table, so both judge and neither is skipped. */
static const char text_bridge[] =
	"chain prerouting {\n"
	" type filter hook prerouting priority -300; policy accept;\n"
	" meta protocol vmap { ip : jump guard4, ip6 : jump guard6, arp : jump guard_arp }\n"
	" meta protocol ip ip frag-off & 0x3fff != 0 ether daddr != @gateway"
	" jump fragment4\n"
	" meta protocol ip6 exthdr frag exists ether daddr != @gateway jump fragment6\n"
	"}\n"
	"chain guard_arp {\n"
	" arp saddr ip @owned4 ether saddr . arp saddr ip != @bound4 goto spoof_f\n"
	" arp saddr ip @owned4 arp saddr ether . arp saddr ip != @bound4 goto spoof_f\n"
	"}\n"
	"chain fragment4 {\n"
	" ether saddr @managed goto frag_f\n"
	" ip daddr @policed4 goto frag_f\n"
	"}\n"
	"chain fragment6 {\n"
	" ether saddr @managed goto frag_f\n"
	" ip6 daddr @policed6 goto frag_f\n"
	"}\n"
	"chain forward {\n"
	" type filter hook forward priority -200; policy accept;\n"
	" ether saddr @managed jump from\n"
	" meta protocol ip ip daddr @policed4 jump t4\n"
	" meta protocol ip6 ip6 daddr @policed6 jump t6\n"
	" ether daddr @managed jump bound\n"
	"}\n"
	"chain from {\n"
	" meta protocol vmap { ip : goto f4, ip6 : goto f6, arp : return,"
	" 0x888e : return }\n"
	" goto deny_f\n"
	"}\n"
	"chain output {\n"
	" type filter hook output priority -200; policy accept;\n"
	" ether daddr @managed jump bound\n"
	"}\n"
	/* A device cannot receive on an address that nobody has seen. */
	"chain bound {\n"
	" meta protocol vmap { ip : goto bound_ip4, ip6 : goto bound_ip6 }\n"
	"}\n"
	"chain bound_ip4 {\n"
	" ether daddr . ip daddr @bound4 return\n"
	" ip daddr 224.0.0.0/4 return\n"
	" udp sport 67 udp dport 68 return\n"
	" goto spoof_t4\n"
	"}\n"
	"chain bound_ip6 {\n"
	" ether daddr . @nh,192,128 @bound6 return\n"
	" ip6 daddr ff00::/8 return\n"
	" icmpv6 type { 133, 134, 135, 136 } return\n"
	" udp sport 547 udp dport 546 return\n"
	" goto spoof_t6\n"
	"}\n";

/* Before the owner's filter chains (0), after connection tracking and address
 * translation. Answers to what the gateway itself asked are no policy matter. */
static const char text_inet[] =
	"chain prerouting {\n"
	" type filter hook prerouting priority -300; policy accept;\n"
	" iifname { $lans } meta nfproto vmap { ipv4 : jump guard4, ipv6 : jump guard6 }\n"
	"}\n"
	"chain forward {\n"
	" type filter hook forward priority -10; policy accept;\n"
	" ether saddr @managed jump from\n"
	" ip daddr @policed4 jump t4\n"
	" ip6 daddr @policed6 jump t6\n"
	"}\n"
	"chain input {\n"
	" type filter hook input priority -10; policy accept;\n"
	" ether saddr @managed jump input_from\n"
	"}\n"
	"chain input_from {\n"
	" ct direction reply ct state established,related return\n"
	" goto from\n"
	"}\n"
	"chain from {\n"
	" meta nfproto vmap { ipv4 : goto f4, ipv6 : goto f6 }\n"
	"}\n";

/* What stands outside policy. DHCP (RFC 2131 4.1, RFC 8415 7.2), neighbour discovery
 * (hop limit 255: RFC 4861 7.1) and group membership never leave the LAN: without that
 * test they would be a way out for any device. */
#define PASS_UDP_F4                                                                      \
	"udp sport 68 udp dport 67 ip daddr 255.255.255.255 return\n"                    \
	" udp sport 68 udp dport 67 meta protocol . ip daddr @local4 return"
#define PASS_UDP_T4 "udp sport 67 udp dport 68 meta protocol . ip saddr @local4 return"
#define PASS_UDP_F6                                                                      \
	"udp sport 546 udp dport 547 ip6 daddr ff02::1:2 return\n"                       \
	" udp sport 546 udp dport 547 meta protocol . ip6 daddr @local6 return"
#define PASS_UDP_T6 "udp sport 547 udp dport 546 meta protocol . ip6 saddr @local6 return"
#define PASS_ICMP_F6                                                                     \
	"icmpv6 type { 133, 135, 136 } ip6 hoplimit 255 return\n"                        \
	" icmpv6 type { 131, 132, 143 } ip6 daddr ff00::/8 return"
#define PASS_ICMP_T6                                                                     \
	"icmpv6 type { 133, 134, 135, 136 } ip6 hoplimit 255 return\n"                   \
	" icmpv6 type { 130, 131, 132, 143 } ip6 saddr fe80::/10 return"
#define PASS_IGMP_F "meta l4proto 2 ip daddr 224.0.0.0/4 return"
#define PASS_IGMP_T "meta l4proto 2 meta protocol . ip saddr @local4 return"

#endif
