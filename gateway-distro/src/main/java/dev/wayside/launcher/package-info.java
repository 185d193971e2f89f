// SPDX-License-Identifier: Apache-2.0

/**
 * Starts the gateway: reads the set, one file that lists bundles by digest with their start levels
 * and configuration, and runs Felix with it. It reads nothing else.
 */
@NullMarked
package dev.wayside.launcher;

import org.jspecify.annotations.NullMarked;
