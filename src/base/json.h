// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
#error "renamed: include base/jsonw.h, struct jsonw, jsonw_object() ... (jansson owns json_object() etc. as symbols)"
