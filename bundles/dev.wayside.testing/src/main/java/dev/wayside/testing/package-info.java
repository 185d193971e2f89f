// SPDX-License-Identifier: Apache-2.0

/**
 * Fakes for tests, and the contract suites that a fake and the real thing both pass, so that the
 * fake stays honest. Never shipped.
 */
@NullMarked
package dev.wayside.testing;

import org.jspecify.annotations.NullMarked;
