// SPDX-License-Identifier: Apache-2.0
/** Binds claims to volumes, has volumes made, and lets go of both. */
@NullMarked
package dev.wayside.connector.storage;

import org.jspecify.annotations.NullMarked;
