// Copyright (c) 2026 The bottomup.security authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// A service that does nothing but hold its libraries.
#include <unistd.h>

int daylight(void);

int main(void) {
    for (;;) {
        sleep(60 + (unsigned)daylight() % 2);
    }
}
