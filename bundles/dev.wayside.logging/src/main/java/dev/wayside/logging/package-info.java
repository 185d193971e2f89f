// SPDX-License-Identifier: Apache-2.0

/**
 * The gateway's SLF4J provider. It writes one line per change of state, to a bounded place, and
 * never a spec, a token or an environment value.
 */
@NullMarked
package dev.wayside.logging;

import org.jspecify.annotations.NullMarked;
