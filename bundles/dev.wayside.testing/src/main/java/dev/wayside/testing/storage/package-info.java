// SPDX-License-Identifier: Apache-2.0

/**
 * A disk whose power can be cut, for stores on H2's file system. Between two syncs it keeps what
 * was written apart; at a cut it loses some of that, tears some, and reorders the rest.
 */
@NullMarked
package dev.wayside.testing.storage;

import org.jspecify.annotations.NullMarked;
