// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
#include "model/worm.h"

/* What is sold calls none of these on the internet. */
const struct worm_port worm_ports[WORM_PORTS] = {
	{23, "telnet, as Mirai spreads"},
	{2323, "telnet, as Mirai spreads"},
	{135, "Windows RPC, as Blaster spreads"},
	{139, "Windows file sharing, as worms spread"},
	{445, "Windows file sharing, as WannaCry spreads"},
	{5555, "Android debugging, as ADB.Miner spreads"},
	{6667, "IRC, as Kaiten takes its orders"},
	{7547, "router management (TR-069), as Mirai spreads"},
	{37215, "a hole of Huawei routers, as Satori spreads"},
	{48101, "the port of Mirai itself"},
	{52869, "a hole of Realtek routers, as Satori spreads"},
};

const struct worm_port *worm_port_find(uint16_t port)
{
	for (size_t i = 0; i < WORM_PORTS; i++)
		if (worm_ports[i].port == port)
			return &worm_ports[i];
	return NULL;
}
